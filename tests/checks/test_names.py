"""`checks.names`: bytes as git shows them, and names as other file systems read them."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from checks.names import oddities, shown
from tests.checks.objects import REGULAR, Objects, bare_repository

NAMES = [bytes([byte]) + b"x" for byte in range(1, 256) if byte != ord("/")]


def test_what_is_not_utf_8_is_quoted_as_git_quotes_it(tmp_path: Path) -> None:
    """For every byte, beside one that is never UTF-8: `git ls-tree` prints the same."""
    folder, objects = bare_repository(tmp_path / "bare.git"), Objects()
    blob = objects.blob(b"")
    names = [b"\xff" + name for name in NAMES]
    tree = objects.tree([(REGULAR, name, blob) for name in sorted(names)])
    objects.write(folder / "objects")
    said = subprocess.run(
        ["git", "-C", folder, "ls-tree", "--name-only", tree], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [shown(name) for name in sorted(names)]


@given(st.text())
def test_utf_8_is_shown_as_it_is(text: str) -> None:
    """No quotes are put around what policy must match; text that cannot be encoded is no path."""
    try:
        path = text.encode()
    except UnicodeEncodeError:
        return
    assert shown(path) == text


@given(st.binary(max_size=40))
def test_any_bytes_have_an_answer(name: bytes) -> None:
    """Nothing in a name is an error of ours, and what is not UTF-8 is always named."""
    kinds = {kind for kind, _ in oddities(name)}
    assert ("not_utf8" in kinds) == (shown(name) != name.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (b".gitmodules", "gitmodules"),
        (b"GITMOD~1", "gitmodules"),
        (b"gitmod~5", None),
        (b"gi7eba~1", "gitmodules"),
        (b"gi7eb~10", "gitmodules"),
        (b"gi7e~100", "gitmodules"),
        (b"g~100000", "gitmodules"),
        (b"gi7eba~0", None),
        (b"gi7ebb~1", None),
        (b".gitmodules .", "gitmodules"),
        (b".gitmodulesx", None),
        (b".gitattributes:stream", "gitattributes"),
        (b"gitatt~4", "gitattributes"),
        (".git\u200cattributes".encode(), "gitattributes"),
        (b"attributes", None),
    ],
)
def test_steering_files_are_known_by_every_spelling(name: bytes, kind: str | None) -> None:
    """As git's own is_ntfs_dotgitmodules and is_hfs_dotgitattributes know them, short names with hashes included."""
    found = {kind for kind, _ in oddities(name)} & {"gitmodules", "gitattributes"}
    assert found == ({kind} if kind else set())

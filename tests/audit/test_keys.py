"""The log's private keys: made once, private, shown by nothing, and rotated so that a crash leaves no doubt."""

import stat
from pathlib import Path

import pytest

from audit.faults import KeyRefused, LogExists, LogMissing
from audit.keys import CURRENT, NEXT, Keyring, create_keys, new_name, read_vkeys, write_vkey
from audit.note import NoteInvalid, Signer
from tests.audit.samples import NOW, event

NAME = "log.example/keys"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a log's first key."""
    create_keys(tmp_path / "key", NAME)
    return tmp_path / "key"


def test_a_key_is_private_and_comes_back(folder: Path) -> None:
    """Folder 0700, file 0600; read again it is the same key; its text form shows the public half only."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / CURRENT).stat().st_mode) == 0o600
    keys = Keyring(folder)
    assert (keys.name, len(keys.verifiers), len(keys.signers(9))) == (NAME, 1, 1)
    assert keys.verifiers == Keyring(folder).verifiers
    secret = (folder / CURRENT).read_text().strip().rpartition("+")[2]
    assert secret not in repr(keys.current) + repr(vars(keys))


def test_each_log_has_a_name_of_its_own() -> None:
    """`doorless.local/` and twelve letters of base32."""
    names = {new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith("doorless.local/") and len(name) == 27 for name in names)


def test_a_key_is_never_written_over(folder: Path, tmp_path: Path) -> None:
    """A second key in the folder, a file, a missing parent, an impossible name: refused."""
    before = (folder / CURRENT).read_bytes()
    with pytest.raises(LogExists):
        create_keys(folder, NAME)
    assert (folder / CURRENT).read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(LogExists):
        create_keys(tmp_path / "file", NAME)
    with pytest.raises(LogMissing):
        create_keys(tmp_path / "no" / "key", NAME)
    with pytest.raises(NoteInvalid):
        create_keys(tmp_path / "named", "two words")


@pytest.mark.parametrize(
    "text", ["", "hello", "PRIVATE+KEY+a+00000000+AQ==", "PRIVATE+KEY+a+zz+?", "PUBLIC+KEY+a+b+c", "\xff"]
)
def test_what_is_no_key_is_refused_and_not_shown(folder: Path, text: str) -> None:
    """Malformed files are named, their content is not."""
    (folder / CURRENT).write_text(text, encoding="latin-1")
    with pytest.raises(KeyRefused) as caught:
        Keyring(folder)
    assert str(folder / CURRENT) in str(caught.value) or "decode" in str(caught.value)
    assert not text or text not in str(caught.value)


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    """It may have been read: the remedy names the rotation."""
    (folder / CURRENT).chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600"):
        Keyring(folder)
    (folder / CURRENT).unlink()
    with pytest.raises(KeyRefused, match="from a copy"):
        Keyring(folder)


def test_a_rotation_from_begin_to_end(folder: Path, tmp_path: Path) -> None:
    """Until the entry is covered the old key signs, then both sign once, then the new one; the old one is gone."""
    keys = Keyring(folder)
    write_vkey(tmp_path, keys.current.verifier)
    old = keys.current
    entry = keys.begin_rotation(NOW)
    new = keys.next
    assert isinstance(new, Signer)
    assert entry.detail["vkey"] == new.verifier.vkey
    assert keys.signers(100) == (old,)
    keys.rotated_at = 7
    assert keys.signers(7) == (old,)
    assert keys.signers(8) == (old, new)
    with pytest.raises(KeyRefused, match="under way"):
        keys.begin_rotation(NOW)
    keys.finish_rotation(tmp_path)
    assert keys.signers(9) == (new,)
    assert [path.name for path in folder.iterdir()] == [CURRENT]
    assert Keyring(folder).verifiers == (new.verifier,)
    assert set(read_vkeys(tmp_path)) == {old.verifier, new.verifier}


def test_after_a_crash_the_log_says_how_far_a_rotation_came(folder: Path) -> None:
    """Announced and not covered: both sign next. Covered: it can be finished. Never announced: the key is forgotten."""
    entry = Keyring(folder).begin_rotation(NOW)
    keys = Keyring(folder)
    keys.recall_rotation([(4, event()), (5, entry)], [keys.current.verifier])
    assert keys.rotated_at == 5
    keys = Keyring(folder)
    assert keys.next is not None
    keys.recall_rotation([], [keys.current.verifier, keys.next.verifier])
    assert keys.rotated_at == -1
    foreign = Keyring(create_other(folder)).begin_rotation(NOW)
    keys = Keyring(folder)
    keys.recall_rotation([(5, foreign)], [keys.current.verifier])
    assert (keys.next, keys.rotated_at) == (None, None)
    assert not (folder / NEXT).exists()


def create_other(folder: Path) -> Path:
    """The key of another log."""
    create_keys(folder.with_name("other"), NAME)
    return folder.with_name("other")

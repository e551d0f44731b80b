"""Kingfisher over real blobs of real repositories, and workers in its place that fail."""

import os
import secrets
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.change import NewBlob
from checks.faults import CannotDescribe
from checks.scanners import KINGFISHER_VERSION
from checks.secrets import SecretScanner
from checks.store import opened
from decision.change import SecretFact
from tests.checks.repositories import repository


def token() -> str:
    """A fresh thing in the form of a GitHub token; it opens nothing."""
    letters = string.ascii_letters + string.digits
    return "ghp_" + "".join(secrets.choice(letters) for _ in range(36))


@pytest.fixture(scope="module")
def scanner() -> Iterator[SecretScanner]:
    """One worker for the module: starting it takes most of a second."""
    with SecretScanner(os.environ) as made:
        yield made


def scan(folder: Path, files: dict[str, bytes], scanner: SecretScanner) -> tuple[SecretFact, ...]:
    """What is found in these files, each as a new blob of one commit."""
    made = repository(folder, dict(files))
    head = made.git("rev-parse", "HEAD")
    blobs = [
        NewBlob(made.git("rev-parse", f"HEAD:{name}"), name, head, len(content))
        for name, content in files.items()
    ]
    with opened(folder, None, head) as store:
        return tuple(scanner(store.git, blobs))


def test_a_secret_is_found_wherever_it_stands(tmp_path: Path, scanner: SecretScanner) -> None:
    """Behind inline ignores, in a lock file, a picture, a folder of others' code, after NULs, at the end of megabytes.

    With inline ignores left on the first was not found.
    """
    secret = token()
    line = f'token = "{secret}"'
    files = {
        "commented.py": f"{line}  # kingfisher:ignore gitleaks:allow betterleaks:allow\n".encode(),
        "package-lock.json": f'{{"a":\n "{secret}"}}\n'.encode(),
        "node_modules/x.min.js": f"var a = 1;\nvar t = '{secret}';\n".encode(),
        "picture.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 100 + f"\n{line}\n".encode(),
        "long.txt": b"nothing here\n" * 200_000 + line.encode(),
        "page.html": f"<p style='x'>\n{line}</p>\n".encode(),
    }
    found = scan(tmp_path, files, scanner)
    assert {fact.path for fact in found} == set(files)
    assert {fact.line for fact in found if fact.path == "long.txt"} == {200_001}
    assert secret not in repr(found)
    assert all(fact.commit and "github" in fact.rule for fact in found)


def test_ordinary_files_hold_no_secret(tmp_path: Path, scanner: SecretScanner) -> None:
    """Hashes, ids and words are no secrets."""
    files = {
        "requirements.txt": b"a==1 --hash=sha256:" + secrets.token_hex(32).encode() + b"\n",
        "a.py": b"import uuid\n\npassword = input()\ntoken = os.environ['TOKEN']\n",
    }
    assert scan(tmp_path, files, scanner) == ()


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(1)",
        "print('{}')",
        "print('no json')",
        f'print(\'{{"version": "{KINGFISHER_VERSION}", "rules": 1}}\')',
        'print(\'{"version": "0.0.1", "rules": 1}\')',
        f'print(\'{{"version": "{KINGFISHER_VERSION}", "rules": 0}}\')',
    ],
)
def test_a_worker_that_gives_no_answer_means_no_facts(tmp_path: Path, body: str) -> None:
    """It ends at once, speaks nonsense, greets and goes, is another version, has no rules: never "no secret"."""
    for name in ("semgrep", "python"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!{sys.executable}\nimport sys\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    with (
        SecretScanner({"DOORLESS_SCANNERS": str(tmp_path)}) as broken,
        pytest.raises(CannotDescribe) as caught,
    ):
        scan(tmp_path / "repository", {"a.py": b"x = 1\n"}, broken)
    assert caught.value.code in {"scanner_failed", "scanner_missing"}


def test_without_scanners_there_are_no_facts(tmp_path: Path) -> None:
    """Where they are not installed the change is not described, and the remedy says what to run."""
    nowhere = {"DOORLESS_SCANNERS": str(tmp_path / "none")}
    with SecretScanner(nowhere) as missing, pytest.raises(CannotDescribe) as caught:
        scan(tmp_path / "repository", {"a.py": b"x = 1\n"}, missing)
    assert caught.value.code == "scanner_missing"
    assert "make setup" in caught.value.remedy


def test_a_blob_that_is_not_there_is_not_passed_over(tmp_path: Path, scanner: SecretScanner) -> None:
    """An object that git cannot give has not been looked at."""
    made = repository(tmp_path, {"a.py": b"x = 1\n"})
    head = made.git("rev-parse", "HEAD")
    with opened(tmp_path, None, head) as store, pytest.raises(CannotDescribe):
        scanner(store.git, [NewBlob("1" * 40, "gone.py", head, 3)])

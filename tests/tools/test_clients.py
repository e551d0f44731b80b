from pathlib import Path

import pytest

from tests.tools.conftest import ROOT
from tools.clients import NPM_FILES, provide
from tools.places import Places
from tools.report import SetupError


@pytest.fixture
def calls(places: Places, tmp_path: Path) -> Path:
    """Pins, and a stand-in for the environment's Python; the file it returns has one line for each thing asked."""
    places.requirements("clients").parent.mkdir()
    places.requirements("clients").write_text("a==1 \\\n    --hash=sha256:0\n", encoding="utf-8")
    source = places.root / "tests" / "clients" / "octokit"
    source.mkdir(parents=True)
    for name in NPM_FILES:
        (source / name).write_text(name, encoding="utf-8")
    seen = tmp_path / "calls"
    fake_python(places, seen, npm=f'echo "npm $* in $(pwd)" >> {seen}')
    return seen


def fake_python(places: Places, seen: Path, npm: str) -> None:
    """Write a Python that records what it is asked, and whose environments hold such an npm."""
    folder = places.root / ".cache" / "clients" / "venv" / "bin"
    places.python.write_text(
        f'#!/bin/sh\necho "$@" >> {seen}\nmkdir -p {folder}\n'
        f"printf '%s\\n' '#!/bin/sh' '{npm}' > {folder}/npm\nchmod +x {folder}/npm\n",
        encoding="utf-8",
    )
    places.python.chmod(0o755)


def test_clients_are_installed_once_by_hash_and_apart(places: Places, calls: Path) -> None:
    """An environment of its own, wheels by hash, npm's tree by its lock; the second set-up starts nothing.

    Without the comparison of the stamp every set-up installed everything again.
    """
    folder = places.root / ".cache" / "clients"
    assert provide(places) == str(folder)
    made, packages, tree = calls.read_text(encoding="utf-8").splitlines()
    assert made.endswith(f"venv --without-pip {folder / 'venv'}")
    assert f"pip --python {folder / 'venv' / 'bin' / 'python'} install" in packages
    assert "--require-hashes --only-binary :all:" in packages
    assert tree == f"npm ci in {folder / 'octokit'}"
    provide(places)
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("changed", ["requirements/clients.txt", "tests/clients/octokit/package-lock.json"])
def test_a_changed_pin_makes_the_folder_anew(places: Places, calls: Path, changed: str) -> None:
    """What was there before goes, so nothing that is no longer pinned stays.

    With `package-lock.json` left out of the stamp's key its change went unnoticed.
    """
    provide(places)
    (places.root / ".cache" / "clients" / "old").touch()
    (places.root / changed).write_text("a==2 \\\n    --hash=sha256:1\n", encoding="utf-8")
    provide(places)
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 6
    assert not (places.root / ".cache" / "clients" / "old").exists()


def test_a_failed_installation_is_said_and_tried_again(places: Places, calls: Path) -> None:
    """Where npm fails the step fails with its words, and the next set-up begins again.

    With the stamp written first the next set-up took the half for the whole.
    """
    fake_python(places, calls, npm="echo no such registry; exit 1")
    with pytest.raises(SetupError) as caught:
        provide(places)
    assert "no such registry" in caught.value.why
    fake_python(places, calls, npm=f'echo "npm $*" >> {calls}')
    provide(places)
    assert calls.read_text(encoding="utf-8").splitlines()[-1] == "npm ci"


def test_the_lock_names_no_registry_and_hashes_everything() -> None:
    """The lock of npm holds an integrity for each package and says nowhere where packages come from."""
    text = (ROOT / "tests" / "clients" / "octokit" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') == text.count('    "node_modules/')

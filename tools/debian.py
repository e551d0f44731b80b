"""What only the operating system can bring: programs, libraries and Python's own venv.

As root on Debian or Ubuntu the missing packages are installed; anybody else is told the one command that
does it. Nothing that is missing is passed over.
"""

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.places import Places
from tools.report import RootNeededError, SetupError, begin, run_logged

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")  # where nginx stands, and an ordinary user's PATH does not reach


@dataclass(frozen=True)
class Need:
    """A thing of the operating system, the Debian package that brings it, and how to see it."""

    thing: str
    package: str
    present: Callable[[], bool]


def program(name: str, package: str) -> Need:
    """Return the need for a program that can be started by name."""
    return Need(name, package, lambda: find_program(name) is not None)


def find_program(name: str) -> Path | None:
    """Return where a program stands, on PATH or in the system's own folders."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def _library(name: str) -> Callable[[], bool]:
    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


def _python_module(name: str) -> Callable[[], bool]:
    def present() -> bool:
        importlib.invalidate_caches()
        return importlib.util.find_spec(name) is not None

    return present


RUN = (
    # Debian's Python comes without ensurepip: `python3 -m venv` fails until this package is there.
    Need("Python's venv", f"python3.{sys.version_info[1]}-venv", _python_module("ensurepip")),
    Need("libseccomp", "libseccomp2", _library("libseccomp.so.2")),
    program("setpriv", "util-linux"),
)
# Go and apt read the system's certificates; a bare machine may have none.
CERTIFICATES = Need("CA certificates", "ca-certificates", Path("/etc/ssl/certs/ca-certificates.crt").exists)
BUBBLEWRAP = program("bwrap", "bubblewrap")
TEST = (program("git", "git"), program("strace", "strace"), program("gh", "gh"))
BENCH = (
    program("wrk", "wrk"),
    program("nginx", "nginx-light"),
    program("socat", "socat"),
    program("taskset", "util-linux"),
)


def missing(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Return the needs that this machine does not meet."""
    return tuple(need for need in needs if not need.present())


def install_command(needs: Iterable[Need]) -> list[str]:
    """Return the command that installs the packages of these needs, each named once, in order."""
    packages = sorted({need.package for need in needs})
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def provide(places: Places, needs: tuple[Need, ...], *, root: bool) -> str:
    """See to it that every need is met; return what was found.

    Raises RootNeededError where packages are missing and we are not root, SetupError where they cannot be had.
    """
    lacking = missing(needs)
    if lacking:
        _install(places, lacking, root=root)
        still = missing(lacking)
        if still:
            things = ", ".join(need.thing for need in still)
            raise SetupError(
                f"still not there: {things}",
                f"the packages were installed, but {sys.executable} or PATH does not see what they brought",
                "use the system's own Python (`make PYTHON=/usr/bin/python3 …`) or install the named things by hand",
            )
    return ", ".join(need.thing for need in needs)


def _install(places: Places, lacking: tuple[Need, ...], *, root: bool) -> None:
    things = ", ".join(need.thing for need in lacking)
    command = install_command(lacking)
    if shutil.which("apt-get") is None:
        raise RootNeededError(
            f"not on this machine: {things}",
            "they come from the operating system, and only Debian's and Ubuntu's packages are known to set-up",
            f"install {things} with this system's package manager, then run the same command again",
        )
    if not root:
        raise RootNeededError(
            f"not on this machine: {things}",
            "they come from Debian packages, which only root may install",
            f"sudo sh -c 'apt-get update && {' '.join(command)}'\nthen run the same command again",
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    remedy = f"look at the message above, then try by hand: apt-get update && {' '.join(command)}"
    begin(f"installing Debian packages: {' '.join(command[4:])}")
    run_logged(["apt-get", "update"], places.logs / "apt-update.log", remedy=remedy, environment=environment)
    run_logged(command, places.logs / "apt-install.log", remedy=remedy, environment=environment)

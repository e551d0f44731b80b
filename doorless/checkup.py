"""What `doorless doctor` looks at on this machine: Python, programs, kernel, and whether a room really holds.

Every check is a `Finding`; none raises, none changes anything.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from doorless.checkup_home import check_home, check_parts
from doorless.chosen_home import choose_home
from doorless.finding import Finding, fail, ok, warn

_LEAST_PYTHON = (3, 11)
_USER_NAMESPACE_SWITCHES = (
    ("user/max_user_namespaces", "0", "as root: sysctl -w user.max_user_namespaces=15000"),
    ("kernel/unprivileged_userns_clone", "0", "as root: sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "as root: an AppArmor profile for bwrap, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


async def check_all(named_home: Path | None) -> list[Finding]:
    """Every check, in the order in which a person would mend things. Raises `Problem` for a home that is none."""
    findings = [
        _python(),
        _environment(),
        _opa(),
        *_programs(),
        _scanners(),
        _user_namespaces(),
        _seccomp(),
        await _sandbox(),
    ]
    if named_home is None and "DOORLESS_HOME" not in os.environ:
        findings.append(warn("home", "none named", "name one: doorless doctor --home HOME"))
        return findings
    home = choose_home(named_home)
    return [*findings, *check_home(home), *await check_parts(home)]


def _python() -> Finding:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= _LEAST_PYTHON:
        return ok("python", found)
    return fail("python", found, "install Python 3.11 or newer and set Doorless up again")


def _environment() -> Finding:
    if sys.prefix != sys.base_prefix:
        return ok("environment", sys.prefix)
    return warn(
        "environment", "not a virtual one", "install Doorless into an environment of its own: make setup"
    )


def _opa() -> Finding:
    from decision.opa_binary import VERSION, OpaNotFoundError, find_opa

    try:
        return ok("opa", f"{VERSION} ({find_opa(os.environ)})")
    except OpaNotFoundError as error:
        return fail("opa", str(error), "make setup, or set DOORLESS_OPA")


def _scanners() -> Finding:
    from checks.scanners import REMEDY, ScannersNotFound, find_scanners

    try:
        return ok("scanners", f"semgrep and Kingfisher ({find_scanners(os.environ).folder})")
    except ScannersNotFound as missing:
        return warn("scanners", f"{missing}; changes cannot be checked", REMEDY)


def _programs() -> Iterator[Finding]:
    from sandbox.binary import SandboxUnavailable, find_bwrap

    try:
        yield ok("bubblewrap", find_bwrap())
    except SandboxUnavailable as missing:
        yield fail("bubblewrap", missing.reason, missing.remedy)
    setpriv = shutil.which("setpriv")
    yield ok("setpriv", setpriv) if setpriv else fail("setpriv", "not found", "apt-get install util-linux")


def _user_namespaces() -> Finding:
    if os.geteuid() == 0:
        return ok("user namespaces", "not needed as root: every workflow gets a uid of its own")
    for name, bad, remedy in _USER_NAMESPACE_SWITCHES:
        if _switch(name) == bad:
            return warn("user namespaces", f"{name.replace('/', '.')} is {bad}", remedy)
    return ok("user namespaces", "not restricted for ordinary users")


def _seccomp() -> Finding:
    from sandbox.seccomp import filter_programs

    try:
        sizes = [len(program) for program in filter_programs()]
    except (OSError, RuntimeError, ValueError) as error:
        return fail("seccomp", f"no filter can be made: {error}", "apt-get install libseccomp2")
    if _switch("kernel/seccomp/actions_avail") is None:
        return fail("seccomp", "this kernel has none", "a kernel with CONFIG_SECCOMP_FILTER")
    return ok("seccomp", f"{len(sizes)} filter{'' if len(sizes) == 1 else 's'}, {sum(sizes):,} bytes")


async def _sandbox() -> Finding:
    from sandbox.probe import Broken, Works, probe

    match await probe():
        case Works():
            return ok("sandbox", "a room was built, and holds")
        case Broken(reason=reason, remedy=remedy):
            return fail("sandbox", reason, remedy)


def _switch(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return None

"""What `doorless doctor` looks at in a home: its files and their modes, its policies, and the parts that run in it.

Every check is a `Finding`; none raises, none changes anything.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator

from doorless.checkup_credentials import check_credentials
from doorless.finding import Finding, fail, ok, warn
from doorless.home import Home, check_socket_paths
from doorless.problem import Problem
from workflows.failure import Failure

_LEAST_FREE_BYTES = 1 << 30
_FOLDER_MODE = 0o700
_OTHERS = 0o077


def check_home(home: Home) -> Iterator[Finding]:
    """The home's files, without anything that runs."""
    yield ok("home", str(home.root))
    yield _socket_paths(home)
    yield _modes(home)
    yield _disk(home)
    yield _configuration(home)
    yield _policies(home)
    yield check_credentials(home)
    yield _log(home)


async def check_parts(home: Home) -> list[Finding]:
    """What runs in the home, and whether it answers."""
    holder = _lock_holder(home)
    if holder is None:
        return [warn("running", "nothing runs in this home", f"doorless up --home {home.root}")]
    return [ok("running", f"supervisor {holder}"), _audit(home), await _issuer(home), await _gateway(home)]


def _socket_paths(home: Home) -> Finding:
    try:
        check_socket_paths(home)
    except Problem as problem:
        return fail("socket paths", problem.why, problem.remedy)
    return ok("socket paths", "short enough")


def _modes(home: Home) -> Finding:
    private = (home.root, home.secrets, home.keys, home.log, home.run)
    files = [*home.secrets.glob("*"), *home.keys.glob("*")]
    for path in (*private, *files):
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            return fail("permissions", f"{path}: {error.strerror}", "was it made by `doorless init`?")
        if mode & _OTHERS:
            return fail("permissions", f"{path} is open to others ({mode:04o})", f"chmod go= {path}")
        if path.stat().st_uid != os.geteuid():
            return fail("permissions", f"{path} belongs to another user", "run Doorless as the home's owner")
    return ok("permissions", "only its owner reads keys, secrets and log")


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(home.root).free
    found = f"{free / (1 << 30):.1f} GiB free"
    if free >= _LEAST_FREE_BYTES:
        return ok("disk", found)
    return warn("disk", found, "make room: where the log cannot be written, everything is denied")


def _configuration(home: Home) -> Finding:
    from decision.yaml_source import ConfigErrors
    from doorless.configuration import load_configuration

    try:
        configuration = load_configuration(home)
    except ConfigErrors as errors:
        return fail("doorless.yaml", str(errors), "mend the named lines")
    return ok("doorless.yaml", f"issuer {configuration.issuer.url}")


def _policies(home: Home) -> Finding:
    from decision.config import load_policies
    from decision.yaml_source import ConfigErrors

    try:
        policies = load_policies(home.policies)
    except ConfigErrors as errors:
        return fail("policies", str(errors), "mend the named lines; doorless policy check says more")
    return ok("policies", f"{len(policies.roles)} roles, {len(policies.catalogue.services)} services")


def _log(home: Home) -> Finding:
    from audit.faults import LogFault
    from audit.reader import JournalReader

    try:
        with JournalReader(home.log):
            return ok("log", "there; doorless log verify checks all of it")
    except (LogFault, OSError) as fault:
        return fail("log", str(fault), "a log is made by doorless init; a lost one is restored from a copy")


def _lock_holder(home: Home) -> str | None:
    try:
        number = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(number, 32, 0).decode("ascii", "replace").strip()
    finally:
        os.close(number)
    return None


_SILENT = "look at what doorless up printed; it restarts what crashes"


def _audit(home: Home) -> Finding:
    from audit.client import LogUnavailable
    from audit.faults import LogFault
    from audit.reader import log_size

    if not home.audit_socket.is_socket():
        return fail("audit writer", "its socket is not there", _SILENT)
    try:
        return ok("audit writer", f"{log_size(home.audit_socket):,} records")
    except (LogFault, LogUnavailable, OSError) as error:
        return fail("audit writer", str(error), _SILENT)


async def _issuer(home: Home) -> Finding:
    from workflows.issuer_client import IssuerClient

    try:
        async with IssuerClient(home.issuer_socket) as issuer:
            active = sum(record.state == "active" for record in await issuer.workflows())
    except Failure as failure:
        return fail("issuer", f"{failure.what} {failure.why}", _SILENT)
    return ok("issuer", f"{active} active workflow{'' if active == 1 else 's'}")


async def _gateway(home: Home) -> Finding:
    from workflows.gateway_client import GatewayClient

    try:
        async with GatewayClient(home.gateway_socket) as gateway:
            status = await gateway.status()
    except Failure as failure:
        return fail("gateway", f"{failure.what} {failure.why}", _SILENT)
    revision = str(status.get("revision") or "")
    if not revision:
        return fail("gateway", "it has no policy in force, so it denies everything", _SILENT)
    return ok("gateway", f"policy {revision[:12]}")

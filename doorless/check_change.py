"""What `doorless check` does: find policies, scanners and a key, check, and print the answer in the form asked for.

Whatever stops it is one Problem with exit code 2: a check that could not be made is never a pass.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from checks import report_github, report_json, report_markdown, report_sarif, report_text
from checks.check import Asked, CouldNotRun, Parts, check
from checks.engine import NoEngine, starting
from checks.faults import CannotDescribe
from checks.gather import Place
from checks.record import LogRecorder, Recorder, Unrecorded
from checks.result import EXIT_CODES, CheckResult
from checks.secrets import SecretScanner
from checks.statement import KeyUnusable, Signer, signer_of
from decision.pdp_model import Policy
from doorless.chosen_home import choose_home
from doorless.create import SHIPPED_POLICIES
from doorless.home import Home
from doorless.problem import Problem

_RENDERERS = {
    "text": report_text.render,
    "json": report_json.render,
    "sarif": report_sarif.render,
    "markdown": report_markdown.render,
    "github": report_github.render,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line as it was given."""

    repo: Path
    base: str
    head: str
    role: str
    format: str
    policies: Path | None
    home: Path | None


def check_change(wanted: Wanted) -> int:
    """Check, print, and return the exit code. Raises `Problem`."""
    home = _home(wanted)
    policies = home.policies if home else _policies(wanted)
    try:
        result = asyncio.run(_check(wanted, home, policies))
    except (CouldNotRun, NoEngine, CannotDescribe) as error:
        raise Problem(f"The change was not checked: {error.code}.", error.message, error.remedy) from None
    sys.stdout.write(_RENDERERS[wanted.format](result))
    return EXIT_CODES[result.verdict]


def _home(wanted: Wanted) -> Home | None:
    """The home to record in; none where policies are named, or no home is."""
    if wanted.policies is not None:
        if wanted.home is not None:
            raise Problem(
                "Both --policies and --home were given.", "A home has policies of its own.", "Leave one out."
            )
        return None
    return choose_home(wanted.home) if wanted.home or "DOORLESS_HOME" in os.environ else None


def _policies(wanted: Wanted) -> Path:
    if wanted.policies is None:
        return SHIPPED_POLICIES
    if not wanted.policies.is_dir():
        raise Problem(f"{wanted.policies} is not a folder.", "Policies are a folder.", "Name another.")
    return wanted.policies.resolve()


async def _check(wanted: Wanted, home: Home | None, policies: Path) -> CheckResult:
    signer = _signer(home) if home else None
    bundles = home.bundles if home else None
    with SecretScanner(os.environ) as scan:
        warming = asyncio.create_task(asyncio.to_thread(scan.warm))
        async with _recorder(home) as recorder, starting(policies, os.environ, bundles) as policy:
            result = await check(_asked(wanted), _parts(policy, scan, recorder, signer))
            await warming
            return result


def _asked(wanted: Wanted) -> Asked:
    return Asked(wanted.repo.resolve(), wanted.base, wanted.head, wanted.role)


def _parts(
    policy: Awaitable[Policy], scan: SecretScanner, recorder: Recorder, signer: Signer | None
) -> Parts:
    active = os.environ.get("VIRTUAL_ENV")
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    place = Place(dict(os.environ), Path(active) if active else None, Path(cache) / "doorless" / "tests")
    return Parts(policy, scan, recorder, signer, place, _tell)


@asynccontextmanager
async def _recorder(home: Home | None) -> AsyncIterator[Recorder]:
    if home is None:
        yield Unrecorded()
        return
    recorder = LogRecorder(home.audit_socket)
    try:
        yield recorder
    finally:
        await recorder.close()


def _signer(home: Home) -> Signer | None:
    try:
        return signer_of(home.check_key)
    except (OSError, KeyUnusable) as error:
        raise Problem(
            "The key that signs checks cannot be used.",
            f"{error}.",
            f"See to {home.check_key}; remove it to let a new one be made.",
        ) from None


def _tell(text: str) -> None:
    sys.stderr.write(f"doorless: {text}\n")
    sys.stderr.flush()

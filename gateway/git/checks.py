"""Asks the checks about a change: its facts by `/describe`, its evidence by `/evidence`; HTTP on a unix socket.

Facts are taken only whole: an answer of any other shape is no answer. Knows nothing of policy.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from decision.change import DescribedChange, EvidenceState, FindingFact
from decision.model import Deny, gateway_denial

DESCRIBE_WITHIN_S = 120.0
SILENT_S = 300.0
"""How long the gathering of evidence may say nothing."""
EVIDENCE_WITHIN_S = 1800.0
_LONGEST_LINE = 8 * 1024 * 1024
_OK = 200
_NOT_DESCRIBABLE = 422

_RETRY = "Try again shortly; if it lasts, tell the operator of this gateway the decision id."


@dataclass(frozen=True, slots=True)
class Update:
    """One ref as the push would change it; a commit of zeros means that there is none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was received, and where it lies."""

    mirror: Path
    """The git folder of what the upstream has."""
    quarantine: Path
    """The git folder of the push."""
    objects: str
    """The folder of the objects that came with the push."""
    base_ref: str
    base: str
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the checks that a route demands came to."""

    states: dict[str, EvidenceState]
    findings: tuple[FindingFact, ...]


class _Problem(msgspec.Struct, frozen=True):
    code: str
    message: str
    remedy: str


class _Detail(msgspec.Struct, frozen=True):
    kind: str
    state: EvidenceState
    message: str = ""


class _Line(msgspec.Struct, frozen=True):
    progress: str = ""
    evidence: dict[str, EvidenceState] | None = None
    findings: tuple[FindingFact, ...] = ()
    details: tuple[_Detail, ...] = ()


class Checks:
    """The checks of this home, behind their socket. One connection for each question."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    async def describe(self, pushed: Pushed) -> DescribedChange | Deny:
        """The facts of a push and what is proven of it; a denial where it cannot be described, or nobody is there to describe it."""
        document = _document(pushed) | {
            "base_ref": pushed.base_ref,
            "updates": [
                {"name": update.name, "old": update.old, "new": update.new} for update in pushed.updates
            ],
        }
        try:
            async with (
                asyncio.timeout(DESCRIBE_WITHIN_S),
                self._session() as session,
                session.post("http://checks/describe", json=document) as answer,
            ):
                return _described(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _away(error)

    async def evidence(
        self, pushed: Pushed, head: str, kinds: Sequence[str], say: Callable[[str], Awaitable[None]]
    ) -> Evidence | Deny:
        """Run the checks of these kinds on a commit of a push, and tell their progress as it comes."""
        document = _document(pushed) | {"head": head, "kinds": list(kinds)}
        try:
            async with (
                asyncio.timeout(EVIDENCE_WITHIN_S),
                self._session() as session,
                session.post("http://checks/evidence", json=document) as answer,
            ):
                if answer.status != _OK:
                    return _refused(answer.status, await answer.read())
                return await _read_evidence(answer, say)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return _away(error)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(self._socket),
            timeout=aiohttp.ClientTimeout(total=None, sock_read=SILENT_S),
            read_bufsize=_LONGEST_LINE,
        )


def _document(pushed: Pushed) -> dict[str, Any]:
    return {
        "repository": str(pushed.mirror),
        "objects": pushed.objects,
        "base": pushed.base,
    }


async def _read_evidence(
    answer: aiohttp.ClientResponse, say: Callable[[str], Awaitable[None]]
) -> Evidence | Deny:
    async for raw in answer.content:
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except msgspec.DecodeError as error:
            return _garbled(error)
        if line.evidence is not None:
            for detail in line.details:
                if detail.state != "passed":
                    await say(f"{detail.kind}: {detail.message}")
            return Evidence(line.evidence, line.findings)
        if line.progress:
            await say(line.progress)
    return _garbled(ValueError("they ended without a result"))


def _described(status: int, body: bytes) -> DescribedChange | Deny:
    if status != _OK:
        return _refused(status, body)
    try:
        return msgspec.json.decode(body, type=DescribedChange)
    except msgspec.DecodeError as error:
        return _garbled(error)


def _refused(status: int, body: bytes) -> Deny:
    if status == _NOT_DESCRIBABLE:
        try:
            problem = msgspec.json.decode(body, type=_Problem)
        except msgspec.DecodeError as error:
            return _garbled(error)
        return gateway_denial(f"push.{problem.code}", problem.message, problem.remedy)
    return _garbled(ValueError(f"HTTP {status}"))


def _away(error: Exception) -> Deny:
    why = "did not answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
    return gateway_denial(
        "push.checks_unavailable", f"The checks that describe a change {why}.", _RETRY, retry="retry"
    )


def _garbled(error: Exception) -> Deny:
    message = f"The checks that describe a change gave no usable answer ({type(error).__name__})."
    return gateway_denial("push.checks_failed", message, _RETRY)

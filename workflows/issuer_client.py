"""The issuer as the orchestrator and the command line see it: its control API on a unix socket.

Promises: returns values of `workflows.model`, raises only `Failure`; a token is never part of a message.
"""

from pathlib import Path
from typing import Literal, Self

import msgspec

from workflows.control import Control, Reply
from workflows.failure import Because, Failure, NotPossible, Refused, Unreachable
from workflows.model import EndReason, Started, Task, Token, WorkflowRecord


class _Token(msgspec.Struct, frozen=True):
    audience: str
    scope: tuple[str, ...]
    token: str
    expires_at: int


class _Started(msgspec.Struct, frozen=True):
    workflow: str
    role: str
    expires_at: int
    decision: str
    tokens: tuple[_Token, ...]


class _Tokens(msgspec.Struct, frozen=True):
    tokens: tuple[_Token, ...]


class _Record(msgspec.Struct, frozen=True):
    workflow: str
    role: str
    state: Literal["active", "ended"]
    started_at: int
    expires_at: int
    task: str = ""
    ended_reason: str | None = None


class _Records(msgspec.Struct, frozen=True):
    workflows: tuple[_Record, ...]


class _EndedAll(msgspec.Struct, frozen=True):
    ended: tuple[str, ...]


class _Rotated(msgspec.Struct, frozen=True):
    kid: str


class _Reason(msgspec.Struct, frozen=True):
    code: str
    message: str
    remedy: str = ""


class _Problem(msgspec.Struct, frozen=True):
    code: str
    message: str = ""
    reasons: tuple[_Reason, ...] = ()
    decision: str = ""


class IssuerClient:
    """Starts, renews, ends and lists workflows. Usable as an asynchronous context manager."""

    def __init__(self, socket: Path) -> None:
        self._control = Control("issuer", socket)

    async def __aenter__(self) -> Self:
        """Nothing is connected before the first question."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self._control.close()

    async def start(self, task: Task) -> Started:
        """Start a workflow; raises `Refused` where policy says no to this role, scope or lifetime."""
        asked = {"role": task.role, "ttl_s": task.ttl_s, "only": task.only, "task": task.text}
        reply = await self._control.ask("POST", "/workflows", asked)
        if not reply.succeeded:
            raise _failure(reply, f"No workflow was started for the role {task.role!r}.")
        started = reply.read(_Started)
        tokens = _tokens(started.tokens)
        return Started(started.workflow, started.role, started.expires_at, started.decision, tokens)

    async def renew(self, workflow: str) -> tuple[Token, ...]:
        """New tokens for an active workflow; `NotPossible` where it has ended."""
        reply = await self._control.ask("POST", f"/workflows/{workflow}/tokens")
        if not reply.succeeded:
            raise _failure(reply, f"The tokens of {workflow} were not renewed.")
        return _tokens(reply.read(_Tokens).tokens)

    async def end(self, workflow: str, reason: EndReason) -> None:
        """End a workflow: its tokens are revoked at once. Ending an ended one is no failure."""
        reply = await self._control.ask("DELETE", f"/workflows/{workflow}?reason={reason}")
        if not reply.succeeded:
            raise _failure(reply, f"{workflow} was not ended.")

    async def end_all(self, reason: EndReason) -> tuple[str, ...]:
        """End every active workflow; their ids."""
        reply = await self._control.ask("DELETE", f"/workflows?reason={reason}")
        if not reply.succeeded:
            raise _failure(reply, "The workflows were not ended.")
        return reply.read(_EndedAll).ended

    async def workflows(self) -> tuple[WorkflowRecord, ...]:
        """Every workflow that this issuer knows, active and ended, as it lists them."""
        reply = await self._control.ask("GET", "/workflows")
        if not reply.succeeded:
            raise _failure(reply, "The workflows cannot be listed.")
        return tuple(_record(each) for each in reply.read(_Records).workflows)

    async def rotate_key(self) -> str:
        """Make a new signing key; its id."""
        reply = await self._control.ask("POST", "/keys/rotate")
        if not reply.succeeded:
            raise _failure(reply, "The signing key was not rotated.")
        return reply.read(_Rotated).kid


def _tokens(read: tuple[_Token, ...]) -> tuple[Token, ...]:
    return tuple(Token(each.audience, each.scope, each.token, each.expires_at) for each in read)


def _record(read: _Record) -> WorkflowRecord:
    return WorkflowRecord(
        workflow=read.workflow,
        role=read.role,
        state=read.state,
        started_at=read.started_at,
        expires_at=read.expires_at,
        task=read.task,
        ended_reason=read.ended_reason or "",
    )


_KNOWN = {
    "pdp_unavailable": "The policy engine is not answering; it heals by itself. Try again in a second.",
    "log_unavailable": "Nothing is issued that cannot be recorded. See what `doorless up` says of the audit writer.",
    "workflow_unknown": "`doorless workflows` lists the workflows that the issuer knows.",
    "workflow_ended": "Start a new one with `doorless run`.",
}


def _failure(reply: Reply, what: str) -> Failure:
    problem = reply.read(_Problem)
    why = f"{problem.message or 'The issuer said no.'} [{problem.code}]"
    remedy = _KNOWN.get(problem.code, "See what `doorless up` printed.")
    # First of all: a 503 carries reasons too, but it is a pause and no denial; a renewal is tried again.
    if reply.status >= 500:  # noqa: PLR2004
        return Unreachable(what, why, remedy)
    if problem.reasons or reply.status == 403:  # noqa: PLR2004 - the status that carries a denial
        reasons = tuple(Because(each.code, each.message, each.remedy) for each in problem.reasons)
        return Refused(what, reasons or (Because(problem.code, problem.message, ""),), problem.decision)
    return NotPossible(what, why, remedy, code=problem.code)

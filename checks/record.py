"""What of a check goes into the audit log: the question and its decision before anybody sees the verdict.

Without a home there is no log, and the result says so. With one, a check that could not be recorded has no verdict.
"""

import hashlib
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, assert_never

import msgspec

from audit.client import AuditClient, LogUnavailable
from audit.entry import DecisionEntry, EventEntry, Reason, decision_id, document_digest, encode_document
from decision.model import Allow, Decision, Deny, Hold, Source
from decision.question import ChangeQuestion, encode_question

SIDE_BYTES = 16_384
"""Larger questions stand beside the log, not in it."""


class Recorder(Protocol):
    """Makes a decision durable."""

    async def record(self, question: ChangeQuestion, decision: Decision, revision: str) -> str:
        """The id of the decision in the log; empty where there is no log. Raises `LogUnavailable`."""
        ...

    async def record_statements(self, decision: str, sealed: Sequence[dict[str, Any]]) -> None:
        """Say in the log which statements were made. Raises `LogUnavailable`."""
        ...

    async def close(self) -> None:
        """Let go of the log."""
        ...


class Unrecorded:
    """The recorder of a check without a home."""

    async def record(self, question: ChangeQuestion, decision: Decision, revision: str) -> str:  # noqa: ARG002 - the interface
        """Nothing."""
        return ""

    async def record_statements(self, decision: str, sealed: Sequence[dict[str, Any]]) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""


class LogRecorder:
    """Records through the audit writer of a home."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._client: AuditClient | None = None

    async def record(self, question: ChangeQuestion, decision: Decision, revision: str) -> str:
        """The id of the decision, once it is durable. Raises `LogUnavailable`."""
        client = await self._connected()
        document: dict[str, Any] = msgspec.json.decode(encode_question(question))
        small = len(encode_document(document)) <= SIDE_BYTES
        side: dict[str, Any] = {} if small else {"side": await client.keep(document)}
        name = decision_id(secrets.token_bytes(16))
        entry = DecisionEntry(
            time=_now(),
            id=name,
            kind="change",
            workflow=question.workflow,
            role=question.role,
            decision=_word(decision),
            source="gateway"
            if isinstance(decision, Deny) and decision.source is Source.GATEWAY
            else "policy",
            reasons=_reasons(decision),
            obligations=[],  # a check is not an act: nothing is owed for it
            input=document if small else None,
            input_sha256=document_digest(document) if small else "",
            revision=revision,
            **side,
        )
        await client.append(entry)
        return name

    async def record_statements(self, decision: str, sealed: Sequence[dict[str, Any]]) -> None:
        """One event for each envelope, by the SHA-256 of its payload. Raises `LogUnavailable`."""
        client = await self._connected()
        for each in sealed:
            digest = hashlib.sha256(each["payload"].encode("ascii")).hexdigest()
            detail: dict[str, str | int] = {"decision": decision, "payload_sha256": digest}
            await client.append(EventEntry(time=_now(), event="check.statement", workflow="", detail=detail))

    async def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> AuditClient:
        if self._client is None:
            self._client = await AuditClient.connect(self._socket)
        return self._client


__all__ = ["LogRecorder", "LogUnavailable", "Recorder", "Unrecorded"]


def _word(decision: Decision) -> Any:
    match decision:
        case Allow():
            return "allow"
        case Deny():
            return "deny"
        case Hold():
            return "hold"
        case _ as never:
            assert_never(never)


def _reasons(decision: Decision) -> list[Reason]:
    return [
        Reason(code=each.code, rule=each.rule, message=each.message, audience=each.audience)
        for each in decision.reasons
    ]


def _now() -> int:
    return time.time_ns() // 1_000_000

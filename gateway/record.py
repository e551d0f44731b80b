"""Turning decisions into log entries, and log entries into receipts: record before act.

A method that returns a `Receipt` returns only after the entry is durable; without it nothing can be sent.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from audit.client import AuditClient
from audit.entry import (
    DecisionEntry,
    Document,
    EventEntry,
    Obligation,
    OutcomeEntry,
    Reason as LoggedReason,
    encode_document,
    refused_request,
)
from audit.receipt import Receipt
from decision.model import Allow, Decision, Deny, Hold, Reason, Source, Terms
from decision.question import ChangeQuestion, RequestQuestion, encode_question
from gateway.call import Call
from gateway.outbound import loggable
from gateway.outcome import Outcome
from gateway.request import RawRequest, Refused
from gateway.shadow.queue import ShadowQueue
from gateway.tenant import Tenant

MAX_INPUT_BYTES: Final = 16 * 1024
"""A larger input stands beside the log: an entry has room for 64 KiB, and readers of the log for less."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How an entry holds what policy was shown: itself with its digest, or the salted digest of what stands aside."""

    input: Document | None
    input_sha256: str
    side: str | UnsetType


@dataclass(frozen=True, slots=True)
class JudgedChange:
    """A change as policy was asked about it, under the id of its decision."""

    id: str
    question: ChangeQuestion
    personal: bool
    """Whether what the service holds is about people, so that the question stands beside the log."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A question that was decided, under the id of its decision, and how the entry holds it."""

    kind: Literal["request", "change"]
    id: str
    question: RequestQuestion | ChangeQuestion
    asked: Asked


class Recorder:
    """Writes what the gateway decides and does into the log. `clock_ms` gives milliseconds since the epoch.

    What was decided on a question is offered to `shadow` once it is recorded.
    """

    def __init__(
        self, log: AuditClient, clock_ms: Callable[[], int], shadow: ShadowQueue | None = None
    ) -> None:
        self._log = log
        self._clock_ms = clock_ms
        self._shadow = ShadowQueue() if shadow is None else shadow

    async def decision(self, call: Call, decision: Decision, revision: str) -> Receipt:
        """Make the decision on a call durable. Raises `LogUnavailable`; then nothing may happen."""
        asked = await self._asked(loggable(call.question), personal=call.service.personal)
        return await self._decided(Decided("request", call.id, call.question, asked), decision, revision)

    async def change(self, judged: JudgedChange, decision: Decision, revision: str) -> Receipt:
        """Make the decision on a change durable. Raises `LogUnavailable`; then nothing may be published."""
        document: Document = msgspec.json.decode(encode_question(judged.question))
        asked = await self._asked(document, personal=judged.personal)
        return await self._decided(Decided("change", judged.id, judged.question, asked), decision, revision)

    async def _decided(self, decided: Decided, decision: Decision, revision: str) -> Receipt:
        """The one entry of a decision by policy, whatever was asked."""
        receipt = await self._log.append(
            DecisionEntry(
                time=self._clock_ms(),
                id=decided.id,
                kind=decided.kind,
                workflow=decided.question.workflow,
                role=decided.question.role,
                decision=_verdict(decision),
                source=_source(decision),
                reasons=_reasons(decision.reasons),
                obligations=_obligations(decision.terms),
                input=decided.asked.input,
                input_sha256=decided.asked.input_sha256,
                revision=revision,
                side=decided.asked.side,
            )
        )
        self._shadow.offer(decided.id, decided.question, decision, revision)
        return receipt

    async def refusal(self, refused: Refused, raw: RawRequest, tenant: Tenant) -> Receipt:
        """Make a refusal before policy durable. Raises `LogUnavailable`."""
        return await self._log.append(
            DecisionEntry(
                time=self._clock_ms(),
                id=refused.id,
                kind="refusal",
                workflow=tenant.workflow,
                role=tenant.role,
                decision="deny",
                source="gateway",
                reasons=_reasons(refused.denial.reasons),
                obligations=[],
                input=None,
                input_sha256="",
                revision="",
                request=refused_request(raw.method, raw.target.decode("latin-1")),
            )
        )

    def outcome(self, decision: str, outcome: Outcome) -> None:
        """Append what became of a decision, without waiting: the act is over."""
        self._log.append_later(
            OutcomeEntry(
                time=self._clock_ms(),
                decision=decision,
                forwarded=outcome.forwarded,
                result=outcome.result,
                status=outcome.status,
                bytes_in=outcome.bytes_in,
                bytes_out=outcome.bytes_out,
                ms=outcome.ms,
            )
        )

    async def event(self, event: str, workflow: str = "", **detail: str | int) -> Receipt:
        """Make something that happened to the gateway itself durable. Raises `LogUnavailable`."""
        return await self._log.append(self._event(event, workflow, detail))

    def event_later(self, event: str, workflow: str = "", **detail: str | int) -> None:
        """Append an event that nothing waits for; a loss is counted and logged by the client."""
        self._log.append_later(self._event(event, workflow, detail))

    async def keep(self, document: Document) -> str:
        """Put a document beside the log; its digest. Raises `LogUnavailable`."""
        return await self._log.keep(document)

    async def recall(self, digest: str) -> Document | None:
        """What was put there; None where it was forgotten. Raises `LogUnavailable`."""
        return await self._log.recall(digest)

    async def _asked(self, asked: Document, *, personal: bool) -> Asked:
        """What the entry says of an input: one that may name people, or is large, is put beside the log first."""
        encoded = encode_document(asked)
        if personal or len(encoded) > MAX_INPUT_BYTES:
            return Asked(None, "", await self._log.keep(asked))
        return Asked(asked, hashlib.sha256(encoded).hexdigest(), UNSET)

    def _event(self, event: str, workflow: str, detail: dict[str, str | int]) -> EventEntry:
        return EventEntry(time=self._clock_ms(), event=event, workflow=workflow, detail=detail)


def _verdict(decision: Decision) -> Literal["allow", "deny", "hold"]:
    match decision:
        case Allow():
            return "allow"
        case Deny():
            return "deny"
        case Hold():
            return "hold"


def _source(decision: Decision) -> Literal["policy", "gateway"]:
    match decision:
        case Deny(source=Source.GATEWAY):
            return "gateway"
        case Allow() | Deny() | Hold():
            return "policy"


def _reasons(reasons: tuple[Reason, ...]) -> list[LoggedReason]:
    return [
        LoggedReason(code=reason.code, rule=reason.rule, message=reason.message, audience=reason.audience)
        for reason in reasons
    ]


def _obligations(terms: Terms) -> list[Obligation]:
    """What the decision obliged to, as it was read: merged, and without any secret."""
    found: list[Obligation] = []
    if terms.credential is not None:
        found.append(
            Obligation(id="credential", type="inject_credential", properties={"ref": terms.credential})
        )
    for rate in terms.rate_limits:
        properties = {"key": rate.key, "limit": rate.limit, "window_s": rate.window_s, "cost": rate.cost}
        found.append(Obligation(id="rate", type="rate_limit", properties=properties))
    if terms.max_body_bytes is not None:
        found.append(Obligation(id="body", type="max_body_bytes", properties={"limit": terms.max_body_bytes}))
    if terms.timeout_ms is not None:
        found.append(Obligation(id="timeout", type="timeout_ms", properties={"limit": terms.timeout_ms}))
    return found

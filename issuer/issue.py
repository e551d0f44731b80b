"""The path of a token: identify, describe, decide, record, act; and the end of a workflow.

`_sign` takes a `Receipt`: a token without a durable, recorded allow does not type-check. Ending is the other
way round: it takes effect at once and is recorded after, because a full disk must not keep a workflow alive.
"""

import logging
import secrets
import time
from collections.abc import Sequence
from typing import Protocol

from audit.entry import Entry, EventEntry, decision_id
from audit.faults import LogUnavailable
from audit.receipt import Receipt
from decision.model import Allow, Deny, Hold, Reason, Source, Terms
from decision.question import TokenQuestion
from issuer import entries
from issuer.grant import claims_of, performable, question_of
from issuer.keys import Keys
from issuer.keyset import generate_key
from issuer.model import AlreadyEnded, Denied, Issued, IssuedToken, Unavailable, Unknown, Wish
from issuer.policy import Policy
from issuer.token import VerifiedToken, sign
from issuer.workflows import Ending, Workflow, Workflows, workflow_id

_LOGGER = logging.getLogger("issuer")


class Log(Protocol):
    """The append-only log, as far as the issuer needs it; `audit.client.AuditClient` is one."""

    async def append(self, entry: Entry) -> Receipt:
        """Record; returns when durable, raises `LogUnavailable` otherwise."""
        ...

    def append_later(self, entry: Entry) -> None:
        """Record without waiting; for outcomes."""
        ...


class Issuer:
    """Starts, renews and ends workflows. For one event loop."""

    def __init__(self, url: str, policy: Policy, log: Log, keys: Keys, workflows: Workflows) -> None:
        """`url` is the issuer's name in every token (`iss`)."""
        self.url = url
        self.keys = keys
        self.workflows = workflows
        self._policy = policy
        self._log = log

    async def start(self, wish: Wish) -> Issued | Denied | Unavailable | AlreadyEnded:
        """A new workflow and its first tokens, or why not. It ends when `wish.ttl_s` is over at the latest."""
        now = _now()
        workflow = Workflow(
            id=workflow_id(secrets.token_bytes(13)),
            role=wish.role,
            only=wish.only,
            task=wish.task,
            started_at=now,
            expires_at=now + wish.ttl_s,
        )
        return await self._issue(workflow, question_of(workflow, now, renewal=False))

    async def renew(self, workflow_id: str) -> Issued | Denied | Unavailable | Unknown | AlreadyEnded:
        """New tokens for an active workflow, under the policy of this moment."""
        workflow, now = self.workflows.find(workflow_id), _now()
        if workflow is None:
            return Unknown()
        if not workflow.active(now):
            return AlreadyEnded()
        return await self._issue(workflow, question_of(workflow, now, renewal=True))

    async def end(self, workflow_id: str, reason: Ending) -> bool:
        """End it now, then record that; ending twice is one ending. False if there is no such workflow."""
        ended = self.workflows.end(workflow_id, reason)
        if ended is not None:
            await self.note(entries.workflow_ended(ended, time_ms=_now_ms()))
        return self.workflows.find(workflow_id) is not None

    async def end_all(self, reason: Ending) -> list[str]:
        """End every active workflow now, then record it; their ids."""
        return await self._note_endings(self.workflows.end_all(reason))

    async def expire(self) -> list[str]:
        """End the workflows whose time is over; their ids. Their tokens stopped counting at that second anyway."""
        return await self._note_endings(self.workflows.expire(_now()))

    async def revoked(self, token: VerifiedToken) -> None:
        """Record that a resource server revoked a token, and that its workflow has ended for it."""
        await self.note(entries.token_revoked(token, time_ms=_now_ms()))

    async def rotate(self) -> str:
        """Record, then publish a new signing key; its kid, or that of a key which waits for its time already.

        Raises `LogUnavailable` or `OSError`; then nothing has changed.
        """
        waiting = self.keys.pending(_now())
        if waiting is not None:
            return waiting
        key, now = generate_key(), _now()
        signs_from = now + self.keys.window.lead_s
        await self._log.append(entries.key_rotated(key.kid, signs_from, time_ms=_now_ms()))
        # Crash here: the log names a key that never was. No token can be signed by it.
        self.keys.rotate(key, now)
        return key.kid

    async def note(self, event: EventEntry) -> None:
        """Record what has already happened; a log that is down is said on standard error and changes nothing."""
        try:
            await self._log.append(event)
        except LogUnavailable as error:
            _LOGGER.warning("%s of %r could not be recorded: %s", event.event, event.workflow, error.reason)

    async def _issue(
        self, workflow: Workflow, question: TokenQuestion
    ) -> Issued | Denied | Unavailable | AlreadyEnded:
        """Decide, record, act."""
        began = time.monotonic()
        name = decision_id(secrets.token_bytes(16))
        answer = await self._policy.ask(question)
        decision = performable(answer.decision)
        intent = entries.intent(name, question, decision, time_ms=_now_ms(), revision=answer.revision)
        try:
            receipt = await self._log.append(intent)
        except LogUnavailable as error:
            return _log_unavailable(error)
        match decision:
            case Allow(terms=terms):
                return await self._act(workflow, question, terms, receipt, began)
            case Deny(source=Source.GATEWAY, reasons=reasons):
                return Unavailable(reasons, name)
            case Deny() | Hold():
                return Denied(entries.reasons_of(decision), name)

    async def _act(
        self, workflow: Workflow, question: TokenQuestion, terms: Terms, receipt: Receipt, began: float
    ) -> Issued | Unavailable | AlreadyEnded:
        name = receipt.entry_id
        if not question.renewal:
            # Known before its start is recorded, so that an end of everything meanwhile ends it too.
            self.workflows.start(workflow)
            try:
                await self._log.append(entries.workflow_started(workflow, name, time_ms=_now_ms()))
            except LogUnavailable as error:
                self.workflows.end(workflow.id, Ending.FAILED)
                return _log_unavailable(error)
            # Crash here: a start in the log, and no token of it anywhere.
        if not self.workflows.is_active(workflow.id, _now()):
            return AlreadyEnded()
        tokens = self._sign(workflow, question, terms, receipt)
        took_ms = int((time.monotonic() - began) * 1000)
        self._log.append_later(entries.issued(name, time_ms=_now_ms(), took_ms=took_ms))
        return Issued(workflow, name, tokens)

    def _sign(
        self, workflow: Workflow, question: TokenQuestion, terms: Terms, receipt: Receipt
    ) -> tuple[IssuedToken, ...]:
        key = self.keys.signing(question.now)
        signed = []
        for allowed in terms.tokens:
            claims = claims_of(
                workflow,
                allowed,
                question,
                issuer=self.url,
                txn=receipt.entry_id,
                jti=secrets.token_urlsafe(16),
            )
            token = IssuedToken(claims.audience, claims.scope, claims.expires_at, sign(claims, key))
            signed.append(token)
        return tuple(signed)

    async def _note_endings(self, ended: Sequence[Workflow]) -> list[str]:
        for workflow in ended:
            await self.note(entries.workflow_ended(workflow, time_ms=_now_ms()))
        return [workflow.id for workflow in ended]


def _log_unavailable(error: LogUnavailable) -> Unavailable:
    reason = Reason(
        code="log_unavailable",
        message=f"The log took no record, so nothing was issued: {error.reason}.",
        remedy="See that the audit writer runs and its disk has room, then try again.",
        rule="issuer.log_unavailable",
        audience="operator",
        retry="retry",
    )
    return Unavailable((reason,), "")


def _now() -> int:
    return int(time.time())


def _now_ms() -> int:
    return int(time.time() * 1000)

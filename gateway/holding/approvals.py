"""What persons say of held calls: heard, recorded, and only then counted.

One per gateway. Promises that each step is durable before it counts, that an approval is offered to policy only for
the very call it was given for, and that it is spent before the call is made: a crash in between spends it too.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from audit.entry import EventEntry, quote_untrusted
from audit.faults import LogUnavailable
from decision.model import Allow, Decision, Deny, Hold as HoldDecision
from decision.question import Approval
from gateway.body import ClientGone, RequestBody
from gateway.call import Call
from gateway.holding.denials import (
    MAX_BODY_BYTES,
    MAX_KEPT_BYTES,
    MOST_OF_WORKFLOW,
    REVOKED,
    SPENT,
    TOO_MANY,
    UNREAD,
    VOID,
    refused,
)
from gateway.holding.events import NAMES, detail_of, event_of
from gateway.holding.granting import Granting
from gateway.holding.held_call import digest_of, kept_call, worth_keeping
from gateway.holding.holds import (
    LONGEST_S,
    WHY_LIMIT,
    Approved,
    Event,
    Hold,
    Holds,
    Opened,
    RefusedBy,
    State,
    Used,
    Voided,
)
from gateway.holding.means import Means, Unheard
from gateway.holding.notices import Notices
from gateway.outbound import target_of
from gateway.record import Recorder

_LOGGER = logging.getLogger("gateway.holding.approvals")


class Approvals:
    """The holds of this gateway."""

    def __init__(self, recorder: Recorder, means: Means) -> None:
        self._recorder = recorder
        self._means = means
        self._holds = Holds()
        self._lock = asyncio.Lock()
        self._awaited: Counter[tuple[str, str, str]] = Counter()
        """How many holds each workflow has on a route: only there can an approval be waiting."""
        self._of_workflow: Counter[str] = Counter()
        self._spending: set[str] = set()
        self.notices = Notices(recorder)
        self.granting = Granting(recorder, means)
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._holds)

    async def described(self, call: Call, body: RequestBody, revision: str) -> Call:
        """The call with its digest and what was approved of it among its facts, where it may need either."""
        question = call.question
        key = (question.workflow, question.service, question.route)
        standing = self.granting.standing.of(question, self._means.now())
        if not call.irreversible and not self._awaited[key] and standing is None:
            return call
        return await self.identified(call, body, revision)

    async def identified(self, call: Call, body: RequestBody, revision: str) -> Call:
        """The same, without asking whether it may need them.

        A body that is too large or does not arrive has no digest: such a call cannot be held.
        """
        try:
            sent = await _whole(call, body)
        except ClientGone:
            return call
        if sent is None:
            return call
        digest = digest_of(call.question, sent, call.change)
        hold = self._holds.of_call(digest, self._means.now())
        approval = None if hold is None else self._approval(hold, revision)
        if approval is None and not call.irreversible:
            standing = self.granting.standing.of(call.question, self._means.now())
            approval = None if standing is None else standing.approval(digest, revision)
        question = msgspec.structs.replace(call.question, call_sha256=digest, approval=approval)
        return replace(call, question=question)

    async def settled(self, decision: Decision, call: Call, revision: str) -> Decision:
        """The decision as it will be recorded: an approval that it rests on is spent first.

        Raises LogUnavailable: the approval is spent then, for all that is known.
        """
        approval = call.question.approval
        match decision:
            case Allow() if approval is not None and approval.standing:
                stands = self.granting.standing.get(approval.hold, self._means.now()) is not None
                return decision if stands else REVOKED
            case Allow() if approval is not None:
                return await self._spend(approval.hold, call.id, decision, revision)
            case HoldDecision() if not call.question.call_sha256:
                return UNREAD
            case HoldDecision():
                return self._held(decision, call)
            case Allow() | Deny():
                return decision

    async def open(
        self, call: Call, body: RequestBody, held: HoldDecision | Deny, revision: str
    ) -> Opened | None:
        """The hold of a call that policy held, after that decision was recorded; none where nobody may approve.

        Raises LogUnavailable.
        """
        if isinstance(held, Deny) or not held.approvers:
            return None
        async with self._lock:
            now = self._means.now()
            known = self._holds.of_call(call.question.call_sha256, now)
            if known is not None and self._same_terms(known.opened, held, revision):
                return known.opened
            if known is not None:
                await self._take(Voided(known.opened.hold, now, "policy_changed"), known.opened.workflow)
            beside = await self._beside(call, body)
            opened = self._opened(call, held, revision, now)
            opened = replace(opened, kept=beside) if call.by_people else replace(opened, sent=beside)
            await self._take(opened, opened.workflow)
            self._count(opened, 1)
        known = self._holds.get(opened.hold)
        if known is not None:
            self.notices.announce(known)
        self._set_timer()
        return opened

    async def approve(self, hold: str, approver: str, revision: str) -> Hold:
        """A person's yes. Raises `Unheard`, LogUnavailable (then it does not count)."""
        async with self._lock:
            known = self._hear(hold, self._holds.approval_fault(hold, approver, self._means.now()))
            if self.state(known) is State.APPROVED:
                return known  # not made yet, for the process before this one ended: now it will be
            if known.opened.revision != revision:
                await self._take(Voided(hold, self._means.now(), "policy_changed"), known.opened.workflow)
                raise Unheard("hold.policy_changed")
            step = Approved(hold, self._means.now(), approver, self._means.nonce(), revision)
            await self._take(step, known.opened.workflow)
            return known

    async def refuse(self, hold: str, approver: str, reason: str) -> Hold:
        """A person's no, also to what was approved and not used yet. Raises `Unheard`, LogUnavailable."""
        async with self._lock:
            known = self._hear(hold, self._holds.refusal_fault(hold, approver, self._means.now()))
            if hold in self._spending:
                raise Unheard("hold.used")
            self._spending.add(
                hold
            )  # from here on it is not offered, so it cannot be used while this is recorded
            try:
                await self._take(RefusedBy(hold, self._means.now(), approver, reason), known.opened.workflow)
            finally:
                self._spending.discard(hold)
            return known

    async def changed(self, hold: str) -> None:
        """What would be done is no more what was approved: another commit, or other facts. Raises LogUnavailable."""
        async with self._lock:
            known = self._holds.get(hold)
            if known is not None and hold not in self._spending and self.state(known) is State.APPROVED:
                await self._take(Voided(hold, self._means.now(), "changed"), known.opened.workflow)

    def end(self, workflow: str) -> None:
        """The workflow is over: nobody will repeat its calls. What people make themselves still waits."""
        waiting = self._holds.of_workflow(workflow, self._means.now())
        for hold in (hold for hold in waiting if not hold.opened.kept):
            step = Voided(hold.opened.hold, self._means.now(), "workflow_ended")
            self._recorder.event_later(NAMES[Voided], workflow, **detail_of(step))
            self._holds.take(step)

    def restore(self, entries: Iterable[EventEntry]) -> None:
        """Take up what the log tells of the last `LONGEST_S`, before anything is asked."""
        ended = set()
        for entry in entries:
            match entry.event:
                case "hold.delivered":
                    self.notices.remember(str(entry.detail.get("hold")))
                case "hold.expired_undecided":
                    ended.add(str(entry.detail.get("hold")))
                case _:
                    self._restore_step(entry)
        for hold in self._holds.expire(self._means.now()):
            if hold.opened.hold not in ended:
                self.notices.expired(hold)
        for hold in self._holds:
            self._count(hold.opened, 1)
            if self.state(hold) is State.OPEN:
                self.notices.announce(hold)
        self._set_timer()

    def _restore_step(self, entry: EventEntry) -> None:
        try:
            self.granting.standing.restore(entry)
            step = event_of(entry)
            if step is not None and (isinstance(step, Opened) or self._holds.get(step.hold) is not None):
                self._holds.take(step)
        except ValueError as error:
            # It cannot follow from what stands before it. Left out, it lets nothing through.
            _LOGGER.warning("the log tells a step of a hold that cannot be: %s", error)

    def get(self, hold: str) -> Hold | None:
        """The hold of that name, if it has not expired."""
        return self._holds.get(hold)

    def shown(self, hold: str, workflow: str) -> dict[str, str | int] | None:
        """What its agent may know of a hold; nothing where it is not one of this workflow's."""
        known = self._holds.get(hold)
        if known is None or known.opened.workflow != workflow:
            return None
        return self._shown(known)

    def _shown(self, known: Hold) -> dict[str, str | int]:
        said = known.refusal.reason if known.refusal is not None else ""
        opened = known.opened
        return {
            "hold": opened.hold,
            "state": str(self.state(known)),
            "call": f"{opened.target} on {opened.service}",
            "expires_at": opened.expires_at,
            "reason": said,
        }

    def of_workflow(self, workflow: str) -> list[dict[str, str | int]]:
        """What of a workflow waits, for a person or for its call, as its agent may know it."""
        waiting = self._holds.of_workflow(workflow, self._means.now()) if self._of_workflow[workflow] else []
        return [self._shown(hold) for hold in waiting]

    def open_ones(self) -> list[Hold]:
        """What waits for a person now, oldest first."""
        return list(self._holds.in_state(State.OPEN, self._means.now()))

    def state(self, hold: Hold) -> State:
        """Where a hold stands now."""
        return hold.state(self._means.now())

    def close(self) -> None:
        """Forget the timer; nothing is said any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _held(self, decision: HoldDecision, call: Call) -> Decision:
        known = self._holds.of_call(call.question.call_sha256, self._means.now())
        if known is not None:
            return refused(known) if self.state(known) is State.REFUSED else decision
        workflow = call.question.workflow
        if (
            self._of_workflow[workflow] < MOST_OF_WORKFLOW
        ):  # with those that are over, and without counting each
            return decision
        waiting = self._holds.of_workflow(workflow, self._means.now())
        return TOO_MANY if len(waiting) >= MOST_OF_WORKFLOW else decision

    def _approval(self, hold: Hold, revision: str) -> Approval | None:
        if hold.state(self._means.now()) is not State.APPROVED or hold.opened.hold in self._spending:
            return None
        last = hold.approvals[-1]
        return Approval(
            hold=hold.opened.hold,
            template=hold.opened.template,
            approvers=tuple(said.approver for said in hold.approvals),
            call_sha256=hold.opened.digest,
            nonce=last.nonce,
            approved_at=last.at,
            expires_at=hold.opened.expires_at,
            revision_matches=all(said.revision == revision for said in hold.approvals),
        )

    async def _spend(self, hold: str, decision: str, allowed: Allow, revision: str) -> Decision:
        known = self._holds.get(hold)
        # Between offering the approval and this line policy was asked: another call may have spent it.
        if known is None or hold in self._spending or self.state(known) is not State.APPROVED:
            return SPENT
        # Marked before the first await: from here on no other call can be offered it, whatever the log does.
        self._spending.add(hold)
        if any(said.revision != revision for said in known.approvals):
            await self._take(Voided(hold, self._means.now(), "policy_changed"), known.opened.workflow)
            return VOID
        used = Used(hold, self._means.now(), decision)
        try:
            await self._take(used, known.opened.workflow)
        except LogUnavailable:
            # It may stand in the log: for this process it is spent. Where it does not, nothing was done either.
            self._holds.take(used)
            raise
        # Crash here: spent and not done, and the log says so: a use whose decision does not stand in it.
        return allowed

    def _hear(self, hold: str, fault: str | None) -> Hold:
        known = self._holds.get(hold)
        if fault is not None or known is None:
            raise Unheard(fault or "hold.unknown")
        return known

    async def _take(self, event: Event, workflow: str) -> None:
        await self._recorder.event(NAMES[type(event)], workflow, **detail_of(event))
        if isinstance(event, Opened) or self._holds.get(event.hold) is not None:
            self._holds.take(event)
        # else its time ended while the step was recorded

    async def _beside(self, call: Call, body: RequestBody) -> str:
        """The digest under which the call stands beside the log, if it does. Raises LogUnavailable."""
        sent = await _whole(call, body) or b""
        if not call.by_people and not worth_keeping(call, sent):
            return ""
        return await self._recorder.keep(kept_call(call.question, sent))

    def _opened(self, call: Call, held: HoldDecision, revision: str, now: int) -> Opened:
        question = call.question
        return Opened(
            hold=self._means.hold_id(),
            at=now,
            digest=question.call_sha256,
            decision=call.id,
            workflow=question.workflow,
            role=question.role,
            service=question.service,
            route=question.route,
            target=target_of(call),
            body_bytes=max(0, question.body_bytes),
            template=held.template,
            approvers=held.approvers,
            needed=held.needed,
            expires_at=now + min(held.expires_in_s, LONGEST_S),
            revision=revision,
            change="" if call.change is None else call.change.decision,
            why=quote_untrusted(" ".join(reason.message for reason in held.reasons), WHY_LIMIT),
        )

    def _same_terms(self, opened: Opened, held: HoldDecision, revision: str) -> bool:
        return (opened.template, opened.approvers, opened.revision) == (
            held.template,
            held.approvers,
            revision,
        )

    def _set_timer(self) -> None:
        """One timer for all holds: it rings when the next one expires."""
        if self._timer is not None:
            self._timer.cancel()
        expiry = self._holds.next_expiry
        if expiry is not None:
            delay = max(0.0, expiry - self._means.now())
            self._timer = asyncio.get_running_loop().call_later(delay, self._expire)

    def _expire(self) -> None:
        for hold in self._holds.expire(self._means.now()):
            self.notices.expired(hold)
            self._spending.discard(hold.opened.hold)
            self._count(hold.opened, -1)
        self._set_timer()

    def _count(self, opened: Opened, change: int) -> None:
        key = (opened.workflow, opened.service, opened.route)
        self._awaited[key] += change
        self._of_workflow[opened.workflow] += change
        if not self._awaited[key]:
            del self._awaited[key]  # a counter keeps what it counted down to nothing
        if not self._of_workflow[opened.workflow]:
            del self._of_workflow[opened.workflow]


async def _whole(call: Call, body: RequestBody) -> bytes | None:
    """The body, if it may be held. Raises `ClientGone`."""
    if body.announced == 0:
        return b""
    return await body.read_ahead(MAX_KEPT_BYTES if call.by_people else MAX_BODY_BYTES)

"""The question that a push waits for, in the five stops: describe, decide, record, act; identified it is already.

Asked by the hook while what was received lies in quarantine. Nothing is published without a recorded `Allow`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from audit.faults import LogUnavailable
from audit.receipt import Receipt
from decision.catalogue import GitSide
from decision.change import ChangeFacts, DescribedChange, EvidenceState, FindingFact
from decision.model import Allow, Deny, Hold, gateway_denial
from decision.pdp_model import Policy
from decision.question import ChangeQuestion
from gateway.call import Call
from gateway.caller import Caller
from gateway.credentials import Credentials, CredentialUnavailable
from gateway.git.asked import GitCall
from gateway.git.checks import Checks, Evidence, Pushed, Update
from gateway.git.identity import base_of, identity_of, namespace_of
from gateway.git.names import Search, new_commits, searched_commits, searched_names
from gateway.git.publish import Change, NotPublished, Published, publish
from gateway.git.quarantine import Quarantine
from gateway.git.receipt_line import reads_like_one
from gateway.git.receive import MOST_UPDATES, Asked, Listener
from gateway.git.remote import Place, RemoteUnreachable, remote_of
from gateway.git.told import accepted_text, failed_text, progress_text, refused_text
from gateway.outcome import Outcome, Result
from gateway.record import JudgedChange, Recorder
from gateway.refusals import Refusal, refusal_of
from gateway.request import RawRequest, Refused, Stamp
from gateway.tenant import Tenant

_LOGGER = logging.getLogger("gateway.git")


@dataclass(frozen=True, slots=True)
class Bench:
    """What judging needs, wired once in `app.py`."""

    policy: Callable[[], Policy]
    recorder: Recorder
    checks: Checks
    credentials: Credentials
    stamp: Callable[[], Stamp]
    monotonic: Callable[[], float]
    home: Path
    """An empty folder."""


@dataclass(frozen=True, slots=True)
class Case:
    """One push: who, where to, and how to search what it says."""

    call: Call
    git: GitCall
    side: GitSide
    place: Place
    caller: Caller
    raw: RawRequest
    search: Search


class Judge:
    """Judges one push, once."""

    def __init__(self, bench: Bench, case: Case, quarantine: Quarantine) -> None:
        self._bench = bench
        self._case = case
        self._quarantine = quarantine
        self.published = False
        """Whether the upstream has it, whatever becomes of the quarantine."""
        self.updates: tuple[Update, ...] = ()
        """What was asked."""
        self.refusal: Refusal | None = None
        """Why it was not published."""
        self.decision = bench.stamp().id
        """The id under which it is decided."""

    async def judge(self, asked: Asked, gate: Listener) -> bool:
        """Whether git may go on: the change was allowed, recorded and published. Tells the agent why not."""
        stamp = Stamp(self.decision, self._bench.stamp().now)
        try:
            await self._path(asked, gate, stamp)
        except LogUnavailable as error:
            _LOGGER.warning("%s was not recorded, so not done: %s", stamp.id, error)
            await self._fail(refusal_of(_UNRECORDED, stamp.id), gate)
        except Exception:
            _LOGGER.exception("%s: a defect while a push was judged; it is refused", stamp.id)
            await self._fail(refusal_of(_DEFECT, stamp.id), gate)
        return self.published

    async def _path(self, asked: Asked, gate: Listener, stamp: Stamp) -> None:
        """Describe, decide, record, act."""
        self.updates = asked.updates
        pushed = self._pushed(asked)
        question = await self._describe(asked, pushed, gate, stamp)
        if isinstance(question, Deny):
            await self._refuse(question, gate, stamp)
            return
        policy = self._bench.policy()
        decision = await policy.decider.ask(question)
        receipt = await self._bench.recorder.change(
            JudgedChange(stamp.id, question, personal=self._case.call.service.personal),
            decision,
            policy.revision,
        )
        match decision:
            case Allow():
                await self._act(Change(stamp.id, pushed), decision, receipt, gate)
            case Deny() | Hold():
                await self._deny(decision, stamp.id, gate)

    def _pushed(self, asked: Asked) -> Pushed:
        mirror, base = self._quarantine.mirror, base_of(self._case.side, self._case.caller.role)
        return Pushed(
            mirror=mirror.folder,
            quarantine=self._quarantine.folder,
            objects=asked.objects,
            base_ref=base,
            base=mirror.commit(f"refs/heads/{base}"),
            updates=asked.updates,
        )

    async def _describe(
        self, asked: Asked, pushed: Pushed, gate: Listener, stamp: Stamp
    ) -> ChangeQuestion | Deny:
        flaw = _flaw(asked, pushed)
        if flaw is not None:
            return flaw
        described = await self._bench.checks.describe(pushed)
        if isinstance(described, Deny):
            return described
        facts = searched_names(described.facts, self._case.search)
        commits = await new_commits(pushed, self._bench.home)
        facts = searched_commits(facts, commits, self._case.search)
        # What the gateway makes itself for a door of the API was looked at before it was made, and has its receipt.
        if not self._case.git.is_door and any(_signed(said) for _, said in commits or ()):
            return _FORGED
        evidence = await self._evidence(pushed, facts, gate)
        if isinstance(evidence, Deny):
            return evidence
        return self._question(replace(described, facts=facts), evidence, stamp)

    async def _evidence(self, pushed: Pushed, facts: ChangeFacts, gate: Listener) -> Evidence | Deny:
        kinds = self._case.side.require_evidence
        if not kinds:
            return Evidence({}, ())

        async def say(text: str) -> None:
            await gate.say(progress_text(text))

        return await self._bench.checks.evidence(pushed, facts.head, kinds, say)

    def _question(self, described: DescribedChange, evidence: Evidence, stamp: Stamp) -> ChangeQuestion:
        case = self._case
        states: dict[str, EvidenceState] = evidence.states
        findings: tuple[FindingFact, ...] = evidence.findings
        return ChangeQuestion(
            now=stamp.now,
            workflow=case.caller.workflow,
            role=case.caller.role,
            scope=case.caller.scope_for(case.call.service.name),
            service=case.call.service.name,
            repository=case.git.repository.full_name,
            action="create-branch",
            data=case.side.push_data,
            via="push",
            identity=identity_of(case.caller.role, case.caller.workflow),
            namespace=namespace_of(case.caller.workflow),
            facts=described.facts,
            findings=findings,
            evidence=states,
            require=case.side.require_evidence,
            protected_change=described.protected_change,
        )

    async def _refuse(self, denial: Deny, gate: Listener, stamp: Stamp) -> None:
        """A push that cannot be described is refused before policy, and recorded like every refusal."""
        refused = Refused(stamp.id, denial, 403)
        await self._bench.recorder.refusal(refused, self._case.raw, Tenant(self._case.caller))
        await self._deny(denial, stamp.id, gate)

    async def _deny(self, denied: Deny | Hold, decision: str, gate: Listener) -> None:
        self.refusal = refusal_of(denied, decision)
        await gate.say(refused_text(denied, decision))

    async def _fail(self, refusal: Refusal, gate: Listener) -> None:
        self.refusal = refusal
        await gate.say(failed_text(refusal))

    async def _act(self, change: Change, allow: Allow, receipt: Receipt, gate: Listener) -> None:
        """Publish; how it ended is the outcome, whatever happened."""
        began = self._bench.monotonic()
        ended: Published | NotPublished = _CUT
        try:
            ended = await self._publish(change, allow, receipt)
        finally:
            self.published = isinstance(ended, Published)
            self._bench.recorder.outcome(change.id, self._outcome(ended, began))
        match ended:
            case Published():
                await gate.say(accepted_text(change.id, receipt.seq))
            case NotPublished():
                denial = gateway_denial(ended.code, ended.message, ended.remedy, retry="retry")
                await self._fail(refusal_of(denial, change.id), gate)

    async def _publish(self, change: Change, allow: Allow, receipt: Receipt) -> Published | NotPublished:
        case, bench = self._case, self._bench
        try:
            credential = bench.credentials.fetch(allow.terms.credential, case.caller, case.call.service.name)
            remote = await remote_of(case.git.repository, case.place, credential)
        except (CredentialUnavailable, RemoteUnreachable) as error:
            _LOGGER.warning("%s was not published: %s", change.id, error)
            return _NOT_REACHED
        return await publish(change, allow, receipt, remote, bench.home)

    def _outcome(self, ended: Published | NotPublished, began: float) -> Outcome:
        result: Result
        match ended:
            case Published():
                forwarded, result = True, "completed"
            case NotPublished():
                forwarded, result = ended.forwarded, "cut" if ended is _CUT else "upstream_error"
        return Outcome(
            forwarded=forwarded,
            result=result,
            status=0,
            bytes_in=0,
            bytes_out=0,
            ms=int((self._bench.monotonic() - began) * 1000),
        )


def _flaw(asked: Asked, pushed: Pushed) -> Deny | None:
    """Why a push cannot be described at all."""
    if not asked.whole:
        return _TOO_MANY
    if not asked.readable:
        return _UNREADABLE
    return None if pushed.base else _NO_BASE


def _signed(said: bytes) -> bool:
    return reads_like_one(said.decode("utf-8", "replace"))


_TELL_OPERATOR = "Tell the operator of this gateway the decision id."

_UNRECORDED = gateway_denial(
    "log_unavailable",
    "The decision could not be recorded, so nothing was done.",
    "Push again shortly: the log's writer restarts by itself. If it lasts, tell the operator of this gateway.",
    retry="retry",
)
_DEFECT = gateway_denial("gateway_defect", "The gateway failed on this push and refused it.", _TELL_OPERATOR)
_TOO_MANY = gateway_denial(
    "push.too_many_refs",
    f"The push changes more than {MOST_UPDATES} refs at once.",
    "Push one branch at a time.",
)
_UNREADABLE = gateway_denial(
    "push.ref_name", "The name of a ref is not plain text.", "Give the branch a name of ordinary letters."
)
_FORGED = gateway_denial(
    "push.receipt_forged",
    "A commit says what reads like a receipt of this gateway, which only the gateway writes.",
    "Leave it out of the message (git commit --amend, or git rebase -i for an older one) and push again.",
)
_NO_BASE = gateway_denial(
    "push.base_missing",
    "The repository has no branch that changes are measured against, so nothing can be pushed to it.",
    "Ask the operator of this gateway: the service's `git.base` in services.yaml names that branch.",
)
_NOT_REACHED = NotPublished(
    "push.upstream_unreachable",
    "The change was allowed, but the gateway cannot reach the upstream repository; nothing was published.",
    "Push again later; if it lasts, tell the operator of this gateway the decision id.",
    forwarded=False,
)
_CUT = NotPublished("push.cut", "The push was cut off while it was passed on.", "", forwarded=True)

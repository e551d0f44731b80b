"""What policy says of a call, asked with all that must be found out first: its body, its change, its approval, its jury.

Whatever is dear is found out only where nothing else speaks against the call: first the change, then a jury. The decision
on a change is one of its own and stands in the log before that on the call, which it can only make stricter.
"""

from dataclasses import dataclass, replace

from decision.model import Allow, Decision, Deny, Hold, Source, Terms
from decision.pdp_model import Policy
from gateway.body import RequestBody
from gateway.call import Call
from gateway.caller import Caller
from gateway.git.names import Search
from gateway.git.proposal import action_of
from gateway.git.proposals import Described, Proposals
from gateway.holding.approvals import Approvals
from gateway.metering import Metering
from gateway.outcome import Outcome
from gateway.record import JudgedChange, Recorder
from gateway.validation import NOT_JUDGED, Outputs, wants_jury, whole

_PASSED_ON = Outcome(forwarded=False, result="completed", status=0, bytes_in=0, bytes_out=0, ms=0)
"""What becomes of a change that was allowed: the call that makes it is decided next, and has an outcome of its own."""


@dataclass(frozen=True, slots=True)
class About:
    """What a call is asked about with, and what stays the same while it is asked about."""

    policy: Policy
    caller: Caller
    body: RequestBody
    search: Search
    """Finds what looks like a secret in what the change says."""


class Asking:
    """Asks about calls."""

    def __init__(
        self,
        outputs: Outputs,
        approvals: Approvals,
        metering: Metering,
        proposals: Proposals,
        recorder: Recorder,
    ) -> None:
        self._outputs = outputs
        self._approvals = approvals
        self._metering = metering
        self._proposals = proposals
        self._recorder = recorder

    async def ask(self, call: Call, about: About) -> tuple[Call, Decision]:
        """What policy says of a call, and the call as policy was shown it. Raises LogUnavailable."""
        call = await self._outputs.described(self._metering.described(call), about.body)
        call = await self._approvals.described(call, about.body, about.policy.revision)
        answer = await about.policy.decider.ask(call.question)
        if action_of(call) is not None:
            undecided = not isinstance(answer, Deny) or wants_jury(answer)
            return await self._proposed(call, answer, about) if undecided else (call, answer)
        if wants_jury(answer):
            call = await self._outputs.judged(call, about.body, None)
            answer = await about.policy.decider.ask(call.question)
        if isinstance(answer, Hold) and not call.question.call_sha256:
            # Only now is it known that persons may have spoken of it: it is asked again with what they said.
            call = await self._approvals.identified(call, about.body, about.policy.revision)
            answer = await about.policy.decider.ask(call.question)
        return call, answer

    async def _proposed(self, call: Call, answer: Decision, about: About) -> tuple[Call, Decision]:
        """A call that would change a repository, with nothing against it so far: its change is decided first."""
        sent = await whole(call, about.body) or b""
        described = await self._proposals.described(call, about.caller, sent, about.search)
        if isinstance(described, Deny):
            return call, _refused(described, answer)
        # The change is part of what persons approve, so it stands there before they are asked what they said.
        call = replace(call, change=described.proposed)
        call = await self._approvals.identified(call, about.body, about.policy.revision)
        call, verdict = await self._of_change(call, described, answer, about)
        await self._record(call, described, verdict, about.policy.revision)
        if isinstance(verdict, Deny):
            return call, _refused(verdict, answer)
        answer = await about.policy.decider.ask(call.question)
        return call, _stricter(verdict, answer)

    async def _of_change(
        self, call: Call, described: Described, answer: Decision, about: About
    ) -> tuple[Call, Decision]:
        """What policy says of the change itself, with a jury's word where only that is missing."""
        verdict = await about.policy.decider.ask(described.question(call))
        open_for_jury = not isinstance(verdict, Deny) and wants_jury(answer)
        if open_for_jury or wants_jury(verdict):
            call = await self._outputs.judged(call, about.body, described.shown)
            verdict = await about.policy.decider.ask(described.question(call))
        return call, verdict

    async def _record(self, call: Call, described: Described, verdict: Decision, revision: str) -> None:
        judged = JudgedChange(described.id, described.question(call), personal=call.service.personal)
        await self._recorder.change(judged, verdict, revision)
        if isinstance(verdict, Allow):
            self._recorder.outcome(described.id, _PASSED_ON)


def _refused(change: Deny, answer: Decision) -> Deny:
    """The denial of a call whose change is refused: for the change's reasons, and counted as the attempt that it is.

    That the jury was not asked is no reason of its own where others kept it from being asked.
    """
    others = tuple(reason for reason in change.reasons if reason.code not in NOT_JUDGED)
    return Deny(others or change.reasons, Source.GATEWAY, Terms(rate_limits=answer.terms.rate_limits))


def _stricter(change: Decision, answer: Decision) -> Decision:
    """A call waits where its change does."""
    if isinstance(change, Hold) and isinstance(answer, Allow):
        return replace(change, terms=answer.terms)
    return answer

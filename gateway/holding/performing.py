"""Making a call that people approved: as the person whose word completed it, with a credential that no agent's call takes.

The five stops of any call. What is made is what was kept beside the log, and its digest proves that it was approved.
Promises at most once: the approval is spent, durably, before the call is made.
"""

import logging
from dataclasses import dataclass

import aiohttp
import msgspec

from audit.receipt import Receipt
from decision.catalogue import Route, Service
from decision.model import Allow, Decision, Deny, Hold as HoldDecision
from decision.pdp_model import Policy
from decision.question import RequestQuestion
from gateway.asking import About
from gateway.body import RequestBody, body_of
from gateway.call import Call
from gateway.caller import Caller
from gateway.git.proposal import GONE
from gateway.holding.denials import CHANGED
from gateway.holding.held_call import read_kept
from gateway.holding.holds import Hold
from gateway.outbound import findings
from gateway.outcome import Outcome, Result
from gateway.proxy import Stops
from gateway.request import Stamp
from gateway.scrub import Scrubber
from gateway.upstream import Answered, Failed

_LOGGER = logging.getLogger("gateway.holding.performing")


class NotPerformed(Exception):
    """The call was not made; `code` says why, and `decision` finds it in the log where one was recorded."""

    def __init__(self, code: str, decision: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a call that was made; `status` is the upstream's, 0 where it gave none."""

    decision: str
    status: int
    result: Result


class Performing:
    """Makes approved calls."""

    def __init__(self, stops: Stops) -> None:
        self._stops = stops
        self._scrubber = Scrubber(stops.secrets)

    async def perform(self, hold: Hold, approver: str) -> Performed:
        """Make the call of an approved hold. Raises `NotPerformed`, LogUnavailable: then it was not made."""
        policy = self._stops.policy()
        call, body = await self._recalled(hold, approver, policy)
        question = call.question
        nobody = Caller(question.workflow, question.role, {}, question.now)
        call, answer = await self._asked(hold, call, About(policy, nobody, body, self._search))
        decision, _ = self._stops.obligations.settle(answer, call, nobody)
        decision = await self._stops.approvals.settled(decision, call, policy.revision)
        receipt = await self._stops.recorder.decision(call, decision, policy.revision)
        match decision:
            case Allow():
                outcome = await self._act(call, nobody, decision, receipt, body)
                self._stops.recorder.outcome(call.id, outcome)
                return Performed(call.id, outcome.status, outcome.result)
            case Deny() | HoldDecision():
                raise NotPerformed(decision.reasons[0].code, call.id)

    async def _asked(self, hold: Hold, call: Call, about: About) -> tuple[Call, Decision]:
        """What policy says of the call as it is now; where it is another one than was approved, it is refused."""
        call, answer = await self._stops.asking.ask(call, about)
        if call.question.call_sha256 == hold.opened.digest:
            return call, answer
        gone = isinstance(answer, Deny) and answer.reasons[0].code in GONE
        if call.change is not None or gone:
            await self._stops.approvals.changed(hold.opened.hold)
            return call, answer if isinstance(answer, Deny) else CHANGED
        if not isinstance(answer, Deny):
            raise NotPerformed("hold.call_lost")
        return call, answer

    async def _recalled(self, hold: Hold, approver: str, policy: Policy) -> tuple[Call, RequestBody]:
        """The call as it was held; what was approved of it, it is told when it is asked about."""
        document = await self._stops.recorder.recall(hold.opened.kept)
        service = policy.catalogue.services.get(hold.opened.service)
        routes = () if service is None else service.routes
        route = next((one for one in routes if one.id == hold.opened.route), None)
        if document is None or service is None or route is None:
            raise NotPerformed("hold.call_lost")
        try:
            question, sent = read_kept(document)
        except ValueError:
            raise NotPerformed("hold.call_lost") from None
        stamp = self._stops.stamp()
        question = msgspec.structs.replace(question, now=stamp.now, approval=None, performed_by=approver)
        return _call(stamp, service, route, question), body_of(sent)

    def _search(self, said: bytes) -> tuple[str, ...]:
        return findings(said, self._scrubber)

    async def _act(
        self, call: Call, caller: Caller, allow: Allow, receipt: Receipt, body: RequestBody
    ) -> Outcome:
        started = self._stops.monotonic()
        status, count, forwarded = 0, 0, True
        result: Result = "completed"
        try:
            send = self._stops.upstreams.send if call.change is None else self._stops.proposals.send
            match await send(call, caller, allow, receipt, body):
                case Failed() as failed:
                    _LOGGER.warning("%s: %s: %s", call.id, failed.code, failed.message)
                    result, forwarded = failed.result, failed.forwarded
                case Answered() as answer:
                    status = answer.status
                    count = await _drained(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _LOGGER.warning("%s: the upstream broke off: %s", call.id, type(error).__name__)
            result = "upstream_error"
        except Exception:
            # Whatever it was, the call may have been made: its outcome is recorded.
            _LOGGER.exception("%s: a defect while the call was made", call.id)
            result = "upstream_error"
        milliseconds = int((self._stops.monotonic() - started) * 1000)
        return Outcome(
            forwarded=forwarded,
            result=result,
            status=status,
            bytes_in=body.count,
            bytes_out=count,
            ms=milliseconds,
        )


async def _drained(answer: Answered) -> int:
    """Read an answer that nobody is shown; how many bytes it had."""
    count = 0
    try:
        async for chunk in answer.chunks():
            count += len(chunk)
    finally:
        await answer.close()
    return count


def _call(stamp: Stamp, service: Service, route: Route, question: RequestQuestion) -> Call:
    return Call(
        id=stamp.id,
        service=service,
        path=question.path.encode("ascii"),
        query=question.query.encode("ascii"),
        headers=((b"content-type", question.content_type.encode("latin-1")),)
        if question.content_type
        else (),
        question=question,
        irreversible=True,
        by_people=True,
        output=route.output,
    )

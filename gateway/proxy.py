"""The request path: identify, describe, decide, record, act. Every request of every agent takes it.

Nothing here can reach an upstream without a recorded `Allow`: the types of `Upstreams.send` see to that.
"""

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from audit.faults import LogUnavailable
from audit.receipt import Receipt
from decision.model import Allow, Deny, Hold, gateway_denial
from decision.pdp_model import Policy
from gateway.asking import About, Asking
from gateway.body import BodyTooLarge, ClientGone, Receive
from gateway.call import Call, HoldCall, Known, SelfCall, describe, unknown_hold
from gateway.caller import Caller, identify
from gateway.exchange import Exchange, Send
from gateway.git.names import Search
from gateway.git.proposals import Proposals
from gateway.git.push import Push, Pushes, Served
from gateway.holding.approvals import Approvals
from gateway.links import links_of
from gateway.live_secrets import LiveSecrets
from gateway.metering import Metering
from gateway.obligations import Obligations
from gateway.outbound import findings, searched, without_people, without_secrets
from gateway.outcome import Outcome, Result
from gateway.past import Past
from gateway.past_log import Openings
from gateway.pause import Means, Pause
from gateway.record import Recorder
from gateway.refusals import NOT_FOUND, Refusal, headers_of, refusal_of, shape_for, write
from gateway.request import NO_REQUEST, RawRequest, Refused, Stamp
from gateway.returned import relay
from gateway.scrub import Hit, LiveSecret
from gateway.self_description import SelfDescription
from gateway.tenant import Tenant
from gateway.upstream import Answered, Failed, Upstreams

_LOGGER = logging.getLogger("gateway.proxy")


@dataclass(frozen=True, slots=True)
class Stops:
    """What the five stops need, wired once in `app.py`."""

    policy: Callable[[], Policy]
    obligations: Obligations
    recorder: Recorder
    upstreams: Upstreams
    pushes: Pushes
    approvals: Approvals
    asking: Asking
    proposals: Proposals
    metering: Metering
    secrets: tuple[LiveSecret, ...]
    """The static ones, which no answer may hold."""
    openings: Openings
    self_description: SelfDescription
    reserved_query: frozenset[str]
    """Query parameters that carry credentials of ours."""
    stamp: Callable[[], Stamp]
    monotonic: Callable[[], float]


class Proxy:
    """The ASGI application of one channel."""

    def __init__(self, stops: Stops, tenant: Tenant, past: Past, expel: Callable[[str], None]) -> None:
        self._stops = stops
        self._tenant = tenant
        self._past = past
        self._secrets = LiveSecrets(stops.secrets)
        self._expel = expel
        self._pause = Pause(
            Means(
                monotonic=stops.monotonic,
                record=lambda refused: self._record_refusal(refused, NO_REQUEST),
                tell=lambda decision, count: stops.recorder.event_later(
                    "refusals.counted", tenant.workflow, decision=decision, count=count
                ),
            )
        )

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Take one request along the path. Whatever fails on the way is a refusal, never a way through."""
        exchange = Exchange(scope, receive, send)
        stamp = self._stops.stamp()
        try:
            await self.handle(exchange, stamp)
        except LogUnavailable as error:
            _LOGGER.warning("%s was not recorded, so not done: %s", stamp.id, error)
            await self._show(exchange, _unrecorded(stamp.id))
        except asyncio.CancelledError:
            # Only the connection's end cancels a request: there is nobody left to answer.
            _LOGGER.debug("%s: the client left before the decision took effect", stamp.id)
        except Exception:
            _LOGGER.exception("%s: a defect on the request path; the request is refused", stamp.id)
            await self._show(exchange, _defect(stamp.id))

    async def handle(self, exchange: Exchange, stamp: Stamp) -> None:
        """Identify and describe; what survives both becomes a question."""
        policy = self._stops.policy()
        caller = identify(self._tenant.caller, stamp)
        if isinstance(caller, Refused):
            return await self._refuse(exchange, caller)
        if self._pause.left_s:
            return await self._show(exchange, await self._pause.refuse(stamp.id))
        known = Known(policy.catalogue, self._stops.reserved_query, self._past.history())
        match describe(exchange.raw, caller, known, stamp):
            case Refused() as refused:
                return await self._refuse(exchange, refused)
            case SelfCall():
                document = await self._stops.self_description.of(caller, policy, stamp.now)
                document["holds"] = self._stops.approvals.of_workflow(caller.workflow)
                return await self._tell(exchange, document)
            case HoldCall() as asked:
                return await self._tell_hold(exchange, caller, asked)
            case Call() as call:
                scrubber = self._secrets.scrubber(caller, stamp.now)
                # From its description to here nothing was awaited: of two calls one is always seen by the other.
                with self._past.under_way(call):
                    call = await searched(call, scrubber, exchange.body)
                    return await self._judge(exchange, policy, caller, call)

    async def _judge(self, exchange: Exchange, policy: Policy, caller: Caller, call: Call) -> None:
        """Decide, record, act."""
        about = About(policy, caller, exchange.body, self._search(caller, call))
        call, answer = await self._stops.asking.ask(call, about)
        decision, exceeded = self._stops.obligations.settle(answer, call, caller)
        decision = await self._stops.approvals.settled(decision, call, policy.revision)
        receipt = await self._stops.recorder.decision(call, decision, policy.revision)
        self._past.decided(call, decision)
        # A crash from here on shows in the log as an allow without an outcome.
        match decision:
            case Allow():
                outcome = await self._act(exchange, call, caller, decision, receipt)
                self._stops.recorder.outcome(call.id, outcome)
                self._past.sent(outcome.bytes_in)
            case Deny() | Hold():
                opened = await self._stops.approvals.open(call, exchange.body, decision, policy.revision)
                refusal = refusal_of(decision, call.id, exceeded=exceeded, opened=opened)
                self._pause.count(refusal.status)
                await self._show(exchange, refusal, call.errors)

    def _search(self, caller: Caller, call: Call) -> Search:
        scrubber = self._secrets.scrubber(caller, call.question.now)
        return lambda said: findings(said, scrubber)

    async def _act(
        self, exchange: Exchange, call: Call, caller: Caller, allow: Allow, receipt: Receipt
    ) -> Outcome:
        """Forward the call and stream the answer back; how it ended is the outcome, whatever happened."""
        started = self._stops.monotonic()
        forwarded = True
        result: Result
        try:
            match await self._perform(exchange, call, caller, allow, receipt):
                case Failed() as failed:
                    forwarded, result = failed.forwarded, failed.result
                    await self._show(exchange, _failed(failed, call.id), call.errors)
                case Answered() as answer:
                    result = await self._relay(exchange, call, caller, answer)
                case Served():
                    # By ourselves: what was published has a decision and an outcome of its own.
                    forwarded, result = False, "completed"
        except BodyTooLarge:
            result = "body_too_large"
            await self._show(exchange, _too_large(call.id), call.errors)
        except ClientGone:
            result = "client_gone"
        except asyncio.CancelledError:
            # The connection ended: the client left, or the channel was closed under it.
            result = "client_gone" if self._tenant.caller is not None else "cut"
        except Exception:
            # Whatever it was, the call may have been made: its outcome is recorded, and the answer breaks off.
            _LOGGER.exception("%s: a defect while the call was made", call.id)
            result = "upstream_error"
            await self._show(exchange, _defect(call.id), call.errors)
        return Outcome(
            forwarded=forwarded,
            result=result,
            status=exchange.status,
            bytes_in=exchange.body.count,
            bytes_out=exchange.bytes_out,
            ms=int((self._stops.monotonic() - started) * 1000),
        )

    async def _perform(
        self, exchange: Exchange, call: Call, caller: Caller, allow: Allow, receipt: Receipt
    ) -> Answered | Served | Failed:
        """Forward the call, one that proposes a change with its receipt; a push is served by ourselves: it is judged anew."""
        if call.change is not None:
            return await self._stops.proposals.send(call, caller, allow, receipt, exchange.body)
        if call.git is None or not call.git.is_push:
            return await self._stops.upstreams.send(call, caller, allow, receipt, exchange.body)
        scrubber = self._secrets.scrubber(caller, call.question.now)
        return await self._stops.pushes.serve(Push(exchange, call, call.git, caller, allow, scrubber))

    async def _relay(self, exchange: Exchange, call: Call, caller: Caller, answer: Answered) -> Result:
        """Stream the answer to the agent. One that breaks off is never ended as if it were whole."""
        answer, meter = self._stops.metering.watched(call, answer)
        try:
            scrubber = self._secrets.scrubber(caller, call.question.now)
            links = links_of(call.service, exchange.raw.headers) if call.git is None else None
            hit = await relay(exchange, call.id, answer, scrubber, links)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _LOGGER.warning("the upstream broke off: %s", type(error).__name__)
            failed = Failed("upstream.failed", "the answer broke off", "upstream_error", forwarded=True)
            await self._show(exchange, _failed(failed, call.id), call.errors)
            return "upstream_error"
        finally:
            await answer.close()
            self._stops.metering.count(call, meter)
        return "completed" if hit is None else await self._withhold(exchange, call, hit)

    async def _withhold(self, exchange: Exchange, call: Call, hit: Hit) -> Result:
        """A secret was about to come back: nobody is identified from here on, and the workflow ends."""
        self._tenant.end()
        try:
            self._stops.recorder.event_later(
                "secret.returned",
                self._tenant.workflow,
                decision=call.id,
                service=call.service.name,
                credential=hit.reference,
                rendering=hit.rendering,
            )
            await self._show(exchange, _secret_returned(call.id), call.errors)
        finally:
            self._expel(self._tenant.workflow)
        return "cut"

    async def _refuse(self, exchange: Exchange, refused: Refused) -> None:
        """A refusal before policy is recorded like every other decision."""
        quiet, raw = without_secrets(refused, exchange.raw, self._secrets.latest)
        quiet, raw = without_people(quiet, raw, self._stops.policy().catalogue)
        await self._record_refusal(quiet, raw)
        exchange.last = refused.unreadable
        refusal = refusal_of(refused.denial, refused.id, status=refused.status)
        self._pause.count(refusal.status)
        await self._show(exchange, refusal)

    async def _record_refusal(self, refused: Refused, raw: RawRequest) -> None:
        await self._stops.recorder.refusal(refused, raw, self._tenant)
        self._past.denied()

    async def _show(self, exchange: Exchange, refusal: Refusal, service_shape: str = "") -> None:
        if exchange.status:
            return  # an answer is under way: it breaks off, and the client sees that it did
        # Behind a request that could not be read nothing is read: its connection ends, so nothing has to be drained.
        drained = b"" if exchange.last else await exchange.body.drain()
        # What does not exist for a workflow has no shape either: the shape would tell that it does.
        shape = shape_for("" if refusal.reasons[0] is NOT_FOUND else service_shape, exchange.raw.headers)
        status, content_type, body = write(refusal, shape, drained)
        await exchange.answer(status, headers_of(refusal, content_type, len(body)), body)

    async def _tell_hold(self, exchange: Exchange, caller: Caller, asked: HoldCall) -> None:
        """What became of a hold; another workflow's does not exist for this one."""
        document = self._stops.approvals.shown(asked.hold, caller.workflow)
        if document is None:
            await self._refuse(exchange, unknown_hold(asked))
        else:
            await self._tell(exchange, document)

    async def _tell(self, exchange: Exchange, document: dict[str, Any]) -> None:
        body = msgspec.json.encode(document)
        headers = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)))
        await exchange.answer(200, headers, body)


def _failed(failed: Failed, decision: str) -> Refusal:
    texts = {
        "obligation_failed": "The credential that this call needs is not available to the gateway.",
        "upstream.timeout": "The service did not answer in time.",
        "upstream.unreachable": "The service cannot be reached.",
        "proposal.head_moved": "A branch moved after the decision, so nothing was sent; read it again.",
        "push.disk_full": "The gateway has no space left to serve a push.",
        "push.failed": "The gateway failed on this push.",
        "push.repository_unknown": "There is no such repository, or none that the gateway may read.",
    }
    text = texts.get(failed.code, "The service gave no usable answer.")
    _LOGGER.warning("%s: %s: %s", decision, failed.code, failed.message)
    remedy = "Try again later; if it lasts, tell the operator of this gateway the decision id."
    return refusal_of(gateway_denial(failed.code, text, remedy, retry="retry"), decision)


def _too_large(decision: str) -> Refusal:
    denial = gateway_denial(
        "request.body_too_large", "The body is larger than policy allows.", "Send less in one request."
    )
    return refusal_of(denial, decision)


def _secret_returned(decision: str) -> Refusal:
    denial = gateway_denial(
        "upstream.secret_returned",
        "The service's answer held a credential, so it was withheld and this workflow ended.",
        "Tell the operator of this gateway the decision id; a new workflow may do other work.",
    )
    return refusal_of(denial, decision)


def _unrecorded(decision: str) -> Refusal:
    denial = gateway_denial(
        "log_unavailable",
        "The decision could not be recorded, so nothing was done.",
        "Try again shortly: the log's writer restarts by itself. If it lasts, tell the operator of this gateway.",
        retry="retry",
    )
    return refusal_of(denial, decision)


def _defect(decision: str) -> Refusal:
    denial = gateway_denial(
        "gateway_defect",
        "The gateway failed on this request and refused it.",
        "Tell the operator of this gateway the decision id.",
    )
    return refusal_of(denial, decision, status=503)

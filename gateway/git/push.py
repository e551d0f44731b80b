"""A push, from git's first question to its last: the refs it starts from, the pack, the answer.

Called behind the request's own five stops. Whatever goes wrong here has a code of its own and leaves nothing behind:
the quarantine of one push is no concern of the next.
"""

import logging
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from decision.catalogue import GitSide, Service
from decision.model import Allow, gateway_denial
from gateway.call import Call
from gateway.caller import Caller
from gateway.credentials import CredentialUnavailable
from gateway.exchange import Exchange
from gateway.git.asked import GitCall
from gateway.git.by_api import Doors
from gateway.git.judge import Bench, Case, Judge
from gateway.git.mirror import FRESH_S, Mirror, MirrorFailed, Mirrors, disk_is_full
from gateway.git.quarantine import quarantine
from gateway.git.receive import Receiver, Report
from gateway.git.remote import Place, RemoteUnreachable, remote_of
from gateway.git.repository import Repository
from gateway.git.told import failed_text
from gateway.git.wire import FLUSH, packet
from gateway.outbound import findings
from gateway.refusals import DECISION_HEADER, refusal_of
from gateway.request import Refused
from gateway.scrub import Scrubber
from gateway.tenant import Tenant
from gateway.upstream import Failed

_LOGGER = logging.getLogger("gateway.git")

_RESULT = b"application/x-git-receive-pack-result"
_DISCARDED = 4
"""How many times the largest pack is still read, and thrown away, so that git shows why the pack was refused."""


@dataclass(frozen=True, slots=True)
class Push:
    """One request of a push that policy allowed."""

    exchange: Exchange
    call: Call
    git: GitCall
    caller: Caller
    allow: Allow
    scrubber: Scrubber


@dataclass(frozen=True, slots=True)
class Served:
    """The request was answered by ourselves."""


class Pushes:
    """Serves pushes. `folder` holds the mirrors, which stay, and the quarantines, which do not."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self._bench = bench
        self._pushes = folder / "pushes"
        self._mirrors = Mirrors(folder / "mirrors", bench.home)
        self._receiver = Receiver(folder / "hooks", bench.home)
        self._doors = Doors(bench, self._pushes)

    async def serve(self, push: Push) -> Served | Failed:
        """Answer the request. Raises `BodyTooLarge` and `ClientGone` for what its body does on the way."""
        try:
            if push.git.is_door:
                await self._doors.serve(push.exchange, _case(push), await self._mirror(push, 0.0))
                return Served()
            if push.git.part == "push-refs":
                await self._advertise(push, await self._mirror(push, 0.0))
            elif push.exchange.body.announced == len(FLUSH) and await _is_probe(push):
                await _Answer(push, _RESULT).write(b"")
            else:
                await self._receive(push, await self._mirror(push, FRESH_S))
            await push.exchange.end()
        except CredentialUnavailable as error:
            return _failed("obligation_failed", error)
        except RemoteUnreachable as error:
            return _failed("upstream.unreachable", error)
        except MirrorFailed as error:
            return _failed(error.code, error)
        except OSError as error:
            return _failed("push.disk_full" if disk_is_full(str(error).encode()) else "push.failed", error)
        return Served()

    async def read(self, service: Service, repository: Repository, caller: Caller) -> Mirror:
        """A repository as its upstream has it now. Raises `CredentialUnavailable`, `RemoteUnreachable`, `MirrorFailed`."""
        side = service.git
        assert side is not None
        credential = self._bench.credentials.fetch(side.credential, caller, service.name)
        place = Place(side.upstream, side.allow_loopback, service.ca_file)
        return await self._mirrors.refreshed(repository, await remote_of(repository, place, credential))

    async def _mirror(self, push: Push, fresh_s: float) -> Mirror:
        credential = self._bench.credentials.fetch(
            push.allow.terms.credential, push.caller, push.call.service.name
        )
        remote = await remote_of(push.git.repository, _place(push), credential)
        return await self._mirrors.refreshed(push.git.repository, remote, fresh_s=fresh_s)

    async def _advertise(self, push: Push, mirror: Mirror) -> None:
        with quarantine(self._pushes, mirror, _side(push).base) as place:
            answer = _Answer(push, b"application/x-git-receive-pack-advertisement")
            await answer.write(packet(b"# service=git-receive-pack\n") + FLUSH)
            async with aclosing(self._receiver.advertisement(place)) as refs:
                async for chunk in refs:
                    await answer.write(chunk)

    async def _receive(self, push: Push, mirror: Mirror) -> None:
        limit = push.allow.terms.max_body_bytes or push.call.service.max_body_bytes
        answer = _Answer(push, _RESULT)
        with quarantine(self._pushes, mirror, _side(push).base) as place:
            judge = Judge(self._bench, _case(push), place)
            body = push.exchange.body.chunks(_DISCARDED * limit)
            report = await self._receiver.receive(place, limit, body, judge.judge, answer.write)
        await answer.write(await self._ending(push, report, judge))

    async def _ending(self, push: Push, report: Report, judge: Judge) -> bytes:
        """The end of the answer: what git reports, behind the reason where git itself refused."""
        if judge.published:
            return report.as_published(judge.updates)
        if report.received.asked:
            return report.ending("")
        code, message, remedy = report.received.problem()
        stamp = self._bench.stamp()
        denial = gateway_denial(code, message, remedy)
        refused = Refused(stamp.id, denial, 403)
        await self._bench.recorder.refusal(refused, push.exchange.raw, Tenant(push.caller))
        return report.ending(failed_text(refusal_of(denial, stamp.id)))


class _Answer:
    """The answer to one request, begun with its first bytes: until then a refusal can still take its place."""

    def __init__(self, push: Push, content_type: bytes) -> None:
        self._exchange = push.exchange
        self._head = [
            (b"content-type", content_type),
            (b"cache-control", b"no-cache"),
            (DECISION_HEADER, push.call.id.encode("ascii")),
        ]

    async def write(self, chunk: bytes) -> None:
        if not self._exchange.status:
            await self._exchange.begin(200, self._head)
        if chunk:
            await self._exchange.write(chunk)


async def _is_probe(push: Push) -> bool:
    """Whether the body is the four bytes by which git finds out whether it may push, before it sends a large pack."""
    return await push.exchange.body.read_ahead(len(FLUSH)) == FLUSH


def _case(push: Push) -> Case:
    return Case(
        call=push.call,
        git=push.git,
        side=_side(push),
        place=_place(push),
        caller=push.caller,
        raw=push.exchange.raw,
        search=lambda said: findings(said, push.scrubber),
    )


def _side(push: Push) -> GitSide:
    side = push.call.service.git
    assert side is not None, "a call of git's has a git side: `read_git_call` saw its route"
    return side


def _place(push: Push) -> Place:
    side = _side(push)
    return Place(side.upstream, side.allow_loopback, push.call.service.ca_file)


def _failed(code: str, error: Exception) -> Failed:
    return Failed(code, str(error), "upstream_error", forwarded=False)

"""POST /evidence: the checks of one commit for the gateway, with a line of progress for whoever waits at the other end.

It answers in lines of JSON (NDJSON): `{"progress": …}` as often as there is something to tell, and one last line with
states, findings and statements. A stream that ends without that line has said nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from checks.describe_api import refused
from checks.evidence import Evidence, Kind
from checks.gather import Commits, Place, gather
from checks.predicates import About, evidence_predicate
from checks.remembered import Remembered
from checks.statement import Signer, seal, statement

MAX_BODY_BYTES = 65_536
AT_A_TIME = 2
"""Changes under check at one time; others wait, and are told so."""
SIGN_OF_LIFE_S = 10.0
"""Nobody who waits hears nothing for longer, in seconds."""

_Id = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repository: Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]*\Z")]
    base: _Id
    head: _Id
    kinds: Annotated[tuple[Literal["semgrep", "tests"], ...], msgspec.Meta(min_length=1, max_length=2)]
    objects: Annotated[str, msgspec.Meta(pattern=r"^(?:/[^\x00]*)?\Z")] = ""


_read = msgspec.json.Decoder(_Asked)


class EvidenceApi:
    """The handler; `signer` is the home's key for checks, if it has one."""

    def __init__(self, place: Place, signer: Signer | None) -> None:
        self._place = place
        self._signer = signer
        self._room = asyncio.Semaphore(AT_A_TIME)
        self._remembered = Remembered()

    async def evidence(self, request: Request) -> Response:
        """200 with lines of JSON, or 400 for a body that asks nothing."""
        try:
            asked = _read.decode(await _body(request))
        except (msgspec.DecodeError, UnicodeDecodeError, ClientDisconnect) as error:
            return refused(400, "request.invalid", f"{error}.", "Send the document of docs/checks.md.")
        return StreamingResponse(self._lines(asked), media_type="application/x-ndjson")

    async def _lines(self, asked: _Asked) -> AsyncIterator[bytes]:
        told: asyncio.Queue[str] = asyncio.Queue()
        work = asyncio.create_task(self._gather(asked, told))
        try:
            # Starlette cancels us when the other end has gone; then the work ends with us.
            while not work.done() or not told.empty():
                waiting = asyncio.create_task(told.get())
                await asyncio.wait(
                    (work, waiting), timeout=SIGN_OF_LIFE_S, return_when=asyncio.FIRST_COMPLETED
                )
                if waiting.done():
                    yield _line({"progress": waiting.result()})
                else:
                    waiting.cancel()
                    if not work.done():
                        yield _line({"progress": "still at work"})
            yield _line(self._answer(asked, work.result()))
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _gather(self, asked: _Asked, told: asyncio.Queue[str]) -> tuple[Evidence, ...]:
        """One answer for each kind; what is known of these very commits is not found out again."""
        known = self._remembered.of(asked.base, asked.head, asked.kinds)
        missing = [kind for kind in asked.kinds if kind not in known]
        if missing:
            found = await self._found(asked, missing, told)
            self._remembered.remember(asked.base, asked.head, found)
            known |= {each.kind: each for each in found}
        return tuple(known[kind] for kind in asked.kinds)

    async def _found(
        self, asked: _Asked, kinds: Sequence[Kind], told: asyncio.Queue[str]
    ) -> tuple[Evidence, ...]:
        if self._room.locked():
            told.put_nowait("waiting: other changes are being checked")
        objects = Path(asked.objects) if asked.objects else None
        async with self._room:
            commits = Commits(Path(asked.repository), objects, asked.base, asked.head)
            return await gather(commits, kinds, self._place, told.put_nowait)

    def _answer(self, asked: _Asked, evidence: tuple[Evidence, ...]) -> dict[str, Any]:
        known = About(asked.base)
        predicates = [evidence_predicate(each, known) for each in evidence]
        return {
            "evidence": {each.kind: each.state for each in evidence},
            "findings": [finding for each in evidence for finding in each.findings if each.kind == "semgrep"],
            "details": evidence,
            "statements": [seal(statement(asked.head, each), self._signer) for each in predicates],
        }


async def _body(request: Request) -> bytes:
    """The body; of one that is too large its beginning, which is no document."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body[:MAX_BODY_BYTES])


def _line(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document) + b"\n"

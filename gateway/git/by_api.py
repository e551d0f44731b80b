"""A change that arrives by a forge's API: made in quarantine, judged and published as the push that it is.

The same facts, the same question and the same way out as git's own; only the answer is a document. Called behind the
request's own five stops.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from decision.model import Deny, gateway_denial
from gateway.exchange import Exchange
from gateway.git.door_documents import file_document, ref_document, repository_url
from gateway.git.edit import Edit, Workbench, made
from gateway.git.identity import identity_of
from gateway.git.judge import Bench, Case, Judge
from gateway.git.mirror import Mirror
from gateway.git.quarantine import Quarantine, quarantine
from gateway.git.receive import Asked
from gateway.links import service_url
from gateway.refusals import DECISION_HEADER, Refusal, headers_of, refusal_of, shape_for, write
from gateway.request import Refused
from gateway.tenant import Tenant

MOST_BYTES = 16 * 1024 * 1024
"""The largest body that is read whole; a larger file is pushed with git, which streams."""

_TOO_LARGE = gateway_denial(
    "request.body_too_large",
    f"A change by the API may have {MOST_BYTES} bytes.",
    "Push it with git: a push takes more.",
)


class _Silent:
    """Hears what git would print: the API's answer holds the reasons themselves."""

    async def say(self, text: str) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Serves changes by the API; quarantines lie below `pushes`."""

    bench: Bench
    pushes: Path

    async def serve(self, exchange: Exchange, case: Case, mirror: Mirror) -> None:
        """Answer the request. Raises `ClientGone` and `OSError`."""
        body = await exchange.body.read_ahead(MOST_BYTES)
        with quarantine(self.pushes, mirror, case.side.base) as place:
            judge = Judge(self.bench, case, place)
            edit = _TOO_LARGE if body is None else await self._made(case, body, place, judge.decision)
            if isinstance(edit, Deny):
                await self._refuse(exchange, case, edit, judge.decision)
                return
            asked = Asked(str(_objects(place)), (edit.update,), whole=True)
            if await judge.judge(asked, _Silent()):
                await _answer(exchange, judge.decision, _document(case, edit), edit)
            elif judge.refusal is not None:
                await _show(exchange, case, judge.refusal)

    async def _made(self, case: Case, body: bytes, place: Quarantine, decision: str) -> Edit | Deny:
        objects = _objects(place)
        objects.mkdir()
        identity = identity_of(case.caller.role, case.caller.workflow)
        bench = Workbench(place, objects, self.bench.home, identity, decision)
        return await made(case.git, body, case.side.base, bench)

    async def _refuse(self, exchange: Exchange, case: Case, denial: Deny, decision: str) -> None:
        """Not a change at all: refused before policy, and recorded like every refusal."""
        refused = Refused(decision, denial, 403)
        await self.bench.recorder.refusal(refused, case.raw, Tenant(case.caller))
        await _show(exchange, case, refusal_of(denial, decision))


def _objects(place: Quarantine) -> Path:
    return place.folder / "received"


def _document(case: Case, edit: Edit) -> dict[str, Any]:
    url = repository_url(service_url(case.call.service.name, case.raw.headers), case.git.repository)
    if not edit.path:
        return ref_document(url, edit)
    return file_document(url, edit)


async def _answer(exchange: Exchange, decision: str, document: dict[str, Any], edit: Edit) -> None:
    body = msgspec.json.encode(document)
    headers = (
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (DECISION_HEADER, decision.encode("ascii")),
    )
    await exchange.answer(201 if edit.created else 200, headers, body)


async def _show(exchange: Exchange, case: Case, refusal: Refusal) -> None:
    shape = shape_for(case.call.errors, case.raw.headers)
    status, content_type, body = write(refusal, shape, b"")
    await exchange.answer(status, headers_of(refusal, content_type, len(body)), body)

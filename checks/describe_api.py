"""POST /describe: the facts of a change and what is proven of it, for the gateway and for whoever else stands at the socket.

It translates a request into a `Change` and a failure into 422; it describes nothing itself.
"""

import os
from pathlib import Path
from typing import Annotated

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from checks.change import Change, ScanSecrets, Update
from checks.facts import describe
from checks.faults import CannotDescribe
from checks.policy_change import proven
from decision.change import DescribedChange

MAX_BODY_BYTES = 1 << 20

_Id = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
_Folder = Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]*\Z")]


class _Update(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    old: _Id
    new: _Id


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repository: _Folder
    base: _Id
    updates: Annotated[tuple[_Update, ...], msgspec.Meta(min_length=1, max_length=1000)]
    objects: Annotated[str, msgspec.Meta(pattern=r"^(?:/[^\x00]*)?\Z")] = ""
    base_ref: Annotated[str, msgspec.Meta(max_length=4096)] = ""


_read = msgspec.json.Decoder(_Asked)


class DescribeApi:
    """The handler, and what finds secrets."""

    def __init__(self, scan: ScanSecrets) -> None:
        self._scan = scan

    async def describe(self, request: Request) -> Response:
        """200 with `DescribedChange`, 422 with code, message and remedy, 400 or 413 for a body that asks nothing."""
        try:
            change = _change(_read.decode(await _body(request)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return refused(400, "request.invalid", f"{error}.", "Send the document of docs/checks.md.")
        except _TooLarge:
            message = f"A body has at most {MAX_BODY_BYTES} bytes."
            return refused(413, "request.too_large", message, "Push fewer refs.")
        try:
            facts = await run_in_threadpool(describe, change, self._scan)
            proofs = await run_in_threadpool(proven, change, facts, os.environ)
        except CannotDescribe as fault:
            return refused(422, fault.code, fault.message, fault.remedy)
        described = DescribedChange(facts=facts, protected_change=proofs)
        return Response(msgspec.json.encode(described), media_type="application/json")


class _TooLarge(Exception):
    """More was sent than a question takes."""


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _TooLarge
    return bytes(body)


def _change(asked: _Asked) -> Change:
    return Change(
        repository=Path(asked.repository),
        objects=Path(asked.objects) if asked.objects else None,
        base_ref=asked.base_ref,
        base=asked.base,
        updates=tuple(Update(each.name, each.old, each.new) for each in asked.updates),
    )


def refused(status: int, code: str, message: str, remedy: str) -> Response:
    """An answer without facts: what happened, and what to do."""
    document = {"code": code, "message": message, "remedy": remedy}
    return Response(msgspec.json.encode(document), status, media_type="application/json")

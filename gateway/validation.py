"""What an agent wants to take effect is validated before policy is asked: on routes whose catalogue entry names an output.

Such a body is read whole, and what was found out is bound to its SHA-256: the bytes that are forwarded are the bytes
that were looked at. Facts only; policy decides. A check that does not answer has found out nothing.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from decision.model import Decision, Deny
from decision.output import NOT_VALIDATED, JuryState, OutputValidation, SchemaState
from gateway.body import ClientGone, RequestBody
from gateway.call import Call

MAX_BODY_BYTES = 4 * 2**20
"""The largest body that is validated; the checks read no larger document."""
SCHEMA_WITHIN_S = 10.0
JURY_WITHIN_S = 300.0
"""Longer than any deliberation may take."""
NOT_JUDGED = frozenset({"request.output_not_judged", "change.not_judged"})
"""The reasons by which policy says that all is well but for the jury, which was not asked yet."""

_MOST_PROBLEMS = 5
_LONGEST_PROBLEM = 160
_OK = 200


class _Error(msgspec.Struct, frozen=True):
    pointer: str
    remedy: str


class _Result(msgspec.Struct, frozen=True):
    kind: str
    state: str
    errors: tuple[_Error, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    digest: str
    results: tuple[_Result, ...]


class Outputs:
    """Asks the checks of this home about bodies."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    async def described(self, call: Call, body: RequestBody) -> Call:
        """The call with its body's digest and what the schema says of it, where its route names an output."""
        if not call.output:
            return call
        sent = await whole(call, body)
        if sent is None:
            return call
        digest = hashlib.sha256(sent).hexdigest()
        return _with(call, digest, await self._ask(call, sent, digest, {"jury": False}))

    async def judged(self, call: Call, body: RequestBody, change: Mapping[str, str] | None) -> Call:
        """The same call with what the jury says of its body, and of the change that it is about, where it is about one.

        Takes as long as a deliberation takes.
        """
        sent = await whole(call, body)
        digest = call.question.body_sha256
        if sent is None or hashlib.sha256(sent).hexdigest() != digest:
            return _with(call, "", NOT_VALIDATED)
        more: dict[str, Any] = {"jury": True} | ({"change": change} if change else {})
        return _with(call, digest, await self._ask(call, sent, digest, more))

    async def _ask(self, call: Call, sent: bytes, digest: str, more: dict[str, Any]) -> OutputValidation:
        try:
            text = sent.decode()
        except UnicodeDecodeError:
            return OutputValidation(
                type=call.output, schema="failed", jury="absent", problems=("The body is not UTF-8.",)
            )
        document = {"type": call.output, "body": text, "fields": fields_of(call), **more}
        try:
            async with (
                asyncio.timeout(JURY_WITHIN_S if more["jury"] else SCHEMA_WITHIN_S),
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(self._socket)) as session,
                session.post("http://checks/validate", json=document) as answer,
            ):
                if answer.status != _OK:
                    return NOT_VALIDATED
                return _facts(call.output, digest, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return NOT_VALIDATED


def wants_jury(decision: Decision) -> bool:
    """Whether policy has nothing against the call but that the jury was not asked: only then is it worth asking."""
    return isinstance(decision, Deny) and all(reason.code in NOT_JUDGED for reason in decision.reasons)


async def whole(call: Call, body: RequestBody) -> bytes | None:
    """The body, if it can be read whole and as it is; `RequestBody` gives the same bytes to whoever forwards them."""
    if any(name == b"content-encoding" for name, _ in call.headers):
        return None
    try:
        return await body.read_ahead(MAX_BODY_BYTES)
    except ClientGone:
        return None


def _with(call: Call, digest: str, validation: OutputValidation) -> Call:
    question = msgspec.structs.replace(call.question, body_sha256=digest, validation=validation)
    return replace(call, question=question)


def fields_of(call: Call) -> dict[str, str]:
    """What the address says of the document."""
    params = call.question.params
    if {"owner", "repo"} <= params.keys():
        return {"repository": f"{params['owner']}/{params['repo']}"}
    return dict(params)


def _facts(type_: str, digest: str, body: bytes) -> OutputValidation:
    """The answer as facts; one about other bytes, or of another shape, is none. Raises ValueError."""
    answer = msgspec.json.decode(body, type=_Answer)
    states: dict[str, Any] = {result.kind: result.state for result in answer.results}
    if answer.digest != digest:
        return NOT_VALIDATED
    problems = tuple(
        f"{error.pointer} {error.remedy}".strip()[:_LONGEST_PROBLEM]
        for result in answer.results
        for error in result.errors[:_MOST_PROBLEMS]
    )
    return OutputValidation(
        type=type_,
        schema=msgspec.convert(states.get("schema"), SchemaState),
        jury=msgspec.convert(states.get("jury"), JuryState),
        problems=problems,
    )

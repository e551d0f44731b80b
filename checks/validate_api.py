"""POST /validate: is this document of an agent what its type says, and what does the jury say of it?

It translates; what is found out is `validate`'s. The answer is sealed as a statement about exactly these bytes.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from checks.describe_api import refused
from checks.diff_text import diff_text
from checks.faults import CannotDescribe
from checks.outputs import MAX_BYTES, OutputSchemas, Said
from checks.statement import Signer, output_statement, seal
from checks.validate import Jury, Validation, no_jury, validate_agent_output

MAX_BODY_BYTES = 2 * MAX_BYTES
"""JSON may write a character in more bytes than it has."""

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=63)]
_Id = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
_Text = Annotated[str, msgspec.Meta(max_length=4096)]


class _Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repository: Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]*\Z")]
    base: _Id
    head: _Id


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: _Word
    body: str
    """The document, as the text that it is."""
    fields: Annotated[dict[_Word, _Text], msgspec.Meta(max_length=20)] = {}
    jury: bool = True
    """Whether the jury is asked, where policy wants one."""
    change: "_Change | None" = None
    """The change that the document is about; jurors are shown it."""


_read = msgspec.json.Decoder(_Asked)


class ValidateApi:
    """The handler, and whom it asks; `signer` is the home's key for checks, if it has one."""

    def __init__(self, schemas: OutputSchemas, signer: Signer | None, jury: Jury = no_jury) -> None:
        self._schemas = schemas
        self._signer = signer
        self._jury = jury

    async def validate(self, request: Request) -> Response:
        """200 with what was found out, 400 or 413 for a body that asks nothing."""
        try:
            body = bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    message = f"A body has at most {MAX_BODY_BYTES} bytes."
                    return refused(413, "request.too_large", message, "Send a smaller document.")
            asked = _read.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, ClientDisconnect) as error:
            return refused(400, "request.invalid", f"{error}.", "Send the document of docs/checks.md.")
        try:
            change = await _shown(asked.change) if asked.change and asked.jury else ""
        except CannotDescribe as fault:
            return refused(422, fault.code, fault.message, fault.remedy)
        said = Said(asked.type, asked.fields, change)
        jury = self._jury if asked.jury else no_jury
        found = await validate_agent_output(asked.body.encode(), said, self._schemas, jury)
        return Response(msgspec.json.encode(self._answer(found)), media_type="application/json")

    def _answer(self, found: Validation) -> dict[str, Any]:
        results = results_of(found)
        predicate = {"type": found.type, "results": {each["kind"]: each["state"] for each in results}}
        return {
            "type": found.type,
            "digest": found.digest,
            "results": results,
            "statement": seal(output_statement(found.digest, predicate), self._signer),
        }


async def _shown(change: _Change) -> str:
    return await run_in_threadpool(diff_text, Path(change.repository), change.base, change.head)


def results_of(found: Validation) -> list[dict[str, Any]]:
    """One result for each layer of the validation, the first first."""
    return [
        {"kind": "schema", "state": found.schema, "errors": [msgspec.to_builtins(e) for e in found.errors]},
        {
            "kind": "jury",
            "state": found.jury.state,
            "message": found.jury.message,
            "record": found.jury.record,
        },
    ]

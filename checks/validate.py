"""Is what an agent produced fit to take effect? First its schema, always; then the jury, where policy asks for one.

`validate_agent_output` is the one function for everybody who has such a document: the socket, the command, a program.
What it returns are facts about exactly these bytes; whether they suffice is for policy to say.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from checks.outputs import OutputError, OutputSchemas, Said

SchemaState = Literal["passed", "failed"]
JuryState = Literal["passed", "veto", "no_verdict", "absent", "not_configured"]


class JuryResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the jury came to. `absent`: policy asks for none, or could not be asked; `record` holds the whole of it."""

    state: JuryState
    message: str = ""
    record: msgspec.Raw = msgspec.Raw(b"null")
    """What was asked of whom, and every vote, as JSON; null where nobody was asked."""


class Validation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was found out about one document. `digest` is the SHA-256 of its bytes, in hex."""

    type: str
    digest: str
    schema: SchemaState
    errors: tuple[OutputError, ...] = ()
    jury: JuryResult = JuryResult(state="absent")

    @property
    def stands(self) -> bool:
        """Whether nothing was found against it. A jury that policy did not ask for is nothing against it."""
        return self.schema == "passed" and self.jury.state in {"passed", "absent"}


Jury = Callable[[bytes, Said], Awaitable[JuryResult]]
"""Judges a document whose schema holds. It never raises: what keeps it from a verdict is its verdict."""


async def no_jury(output: bytes, said: Said) -> JuryResult:  # noqa: ARG001 - the interface
    """The jury of whoever has none: nobody is asked, and nothing is passed."""
    return JuryResult(state="absent", message="No jury was asked.")


async def validate_agent_output(
    output: bytes, said: Said, schemas: OutputSchemas, jury: Jury = no_jury
) -> Validation:
    """Validate what an agent produced. A document that is not what its type says is shown to no model."""
    digest = hashlib.sha256(output).hexdigest()
    errors = schemas.check(output, said)
    if errors:
        return Validation(type=said.type, digest=digest, schema="failed", errors=errors)
    verdict = await jury(output, said)
    return Validation(type=said.type, digest=digest, schema="passed", jury=verdict)

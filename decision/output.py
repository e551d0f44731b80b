"""What was found out about a body that an agent wants to take effect: the facts that policy is shown; pure."""

from typing import Literal

import msgspec

SchemaState = Literal["passed", "failed", "absent"]
JuryState = Literal["passed", "veto", "no_verdict", "absent", "not_configured"]


class OutputValidation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The validation of exactly the body whose digest stands beside it. `absent`: nobody looked."""

    type: str
    """What the body was looked at as; empty where it was not."""
    schema: SchemaState
    jury: JuryState
    problems: tuple[str, ...]
    """What its schema has against it: where, and what the schema says. Nothing that the agent wrote."""


NOT_VALIDATED = OutputValidation(type="", schema="absent", jury="absent", problems=())
EXAMPLE_SHA256 = "0" * 64
"""Of the body of a call that is only an example."""


def passing(type_: str) -> OutputValidation:
    """What is found out about a body that is fit to take effect: for calls that are asked about as examples."""
    if not type_:
        return NOT_VALIDATED
    return OutputValidation(type=type_, schema="passed", jury="passed", problems=())

"""What one check found out about one change: a closed set of states, findings with their place; pure.

A check that could not run has said nothing, and nothing that is said here about it can pass for a yes.
"""

from typing import Literal

import msgspec

from decision.change import FindingFact

Kind = Literal["semgrep", "tests", "secrets"]
State = Literal["passed", "failed", "absent", "could_not_run", "not_configured"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of one check. `code` is stable and empty where it passed; `ms` is how long it took."""

    kind: Kind
    state: State
    code: str = ""
    message: str
    remedy: str = ""
    findings: tuple[FindingFact, ...] = ()
    tool: str = ""
    """The name and version of the program that looked."""
    ms: int = 0


def could_not_run(kind: Kind, code: str, message: str, remedy: str, *, tool: str = "") -> Evidence:
    """The answer of a check that gave none."""
    return Evidence(kind=kind, state="could_not_run", code=code, message=message, remedy=remedy, tool=tool)


def not_configured(kind: Kind, message: str, remedy: str) -> Evidence:
    """The answer of a check that nobody asked for."""
    return Evidence(
        kind=kind, state="not_configured", code=f"{kind}_not_configured", message=message, remedy=remedy
    )

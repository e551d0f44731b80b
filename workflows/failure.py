"""The one family of failures of this side: what happened, why, and what to do about it.

Everything that a person at the command line may meet is one of these; nothing here ever holds a token.
"""

from dataclasses import dataclass


class Failure(Exception):
    """Something foreseeable went wrong. The three parts are complete sentences for a person."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(f"{what} {why} {remedy}".strip())
        self.what = what
        self.why = why
        self.remedy = remedy


class Unreachable(Failure):
    """A part of Doorless does not answer on its socket, or answers what it never should."""


class NotPossible(Failure):
    """The part answered, and what was asked cannot be done (an unknown workflow, one that has ended)."""

    def __init__(self, what: str, why: str, remedy: str, *, code: str) -> None:
        super().__init__(what, why, remedy)
        self.code = code


class SandboxBroken(Failure):
    """The sandbox does not work on this machine, so no agent is started."""


class CannotStart(Failure):
    """The agent's program could not be started inside its room."""


class NotKept(Failure):
    """The agent did its work, and what it reports was refused or could not be kept."""


@dataclass(frozen=True, slots=True)
class Because:
    """One reason of a refusal, as policy worded it."""

    code: str
    message: str
    remedy: str


class Refused(Failure):
    """Policy (or the gateway on its behalf) said no to the workflow. `decision` finds it in the log."""

    def __init__(self, what: str, reasons: tuple[Because, ...], decision: str) -> None:
        why = " ".join(f"{reason.message} [{reason.code}]" for reason in reasons)
        remedy = " ".join(dict.fromkeys(reason.remedy for reason in reasons if reason.remedy))
        super().__init__(what, why, remedy)
        self.reasons = reasons
        self.decision = decision

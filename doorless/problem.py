"""What the command line says when something foreseeable goes wrong, and with which exit code it ends.

One form for all of them, on stderr: what happened, why, what to do. Never a traceback.
"""

import enum

from workflows.failure import Failure


class ExitCode(enum.IntEnum):
    """What a command ends with. `doorless run` passes the agent's own code on and uses 119 to 125 for itself."""

    OK = 0
    FAILED = 1
    """The answer is no: a check failed, something was denied, a log does not verify."""
    USAGE = 2
    """The command was not understood, or its configuration cannot be used."""
    NOT_RUNNING = 3
    """A part of Doorless that is needed does not answer."""
    RUN_NOT_KEPT = 119
    RUN_DENIED = 120
    RUN_NOT_RUNNING = 121
    RUN_NO_SANDBOX = 122
    RUN_CUT = 123
    RUN_TIMEOUT = 124
    RUN_USAGE = 125


class Problem(Failure):
    """A foreseeable failure of the command line itself, with the exit code that it ends with."""

    def __init__(self, what: str, why: str, remedy: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(what, why, remedy)
        self.code = code


def render(failure: Failure) -> str:
    """The failure as stderr shows it."""
    lines = [f"doorless: {failure.what}"]
    lines += [
        f"   why: {line}" if at == 0 else f"        {line}" for at, line in enumerate(_lines(failure.why))
    ]
    lines += [
        f"    do: {line}" if at == 0 else f"        {line}" for at, line in enumerate(_lines(failure.remedy))
    ]
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    return text.splitlines()

"""One line of `doorless doctor`: a value, and three short ways to make one; pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what was found, and what to do (empty where it is well)."""

    mark: Literal["ok", "warn", "fail"]
    what: str
    found: str
    remedy: str = ""


def ok(what: str, found: str) -> Finding:
    """It is well."""
    return Finding("ok", what, found)


def warn(what: str, found: str, remedy: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding("warn", what, found, remedy)


def fail(what: str, found: str, remedy: str) -> Finding:
    """Doorless does not work like this."""
    return Finding("fail", what, found, remedy)

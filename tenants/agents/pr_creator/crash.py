"""A crash report as the agent is given it: what was called with what, and how it ended.

Everything in it was written by strangers: names are checked before they become a path or an import.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class NotAReportError(Exception):
    """The task is no crash report; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Crash:
    """One crash."""

    report: str
    module: str
    function: str
    arguments: tuple[Any, ...]
    error: str
    """The last line of its trace, as `ZeroDivisionError: division by zero`."""

    @property
    def path(self) -> str:
        """Where the module is in the repository."""
        return self.module.replace(".", "/") + ".py"

    @property
    def call(self) -> str:
        """The call, as a person writes it."""
        return f"{self.module}.{self.function}({', '.join(map(repr, self.arguments))})"


def read(text: str) -> Crash:
    """The crash in a task. Raises `NotAReportError`."""
    try:
        told = json.loads(text)
        crash = Crash(
            told["report"], told["module"], told["function"], tuple(told["arguments"]), told["error"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotAReportError(f"it lacks {error}") from None
    words = (*str(crash.module).split("."), str(crash.function))
    if not all(_NAME.fullmatch(word) for word in words) or not _ID.fullmatch(str(crash.report)):
        raise NotAReportError("its names are none of a module, a function and a report")
    return crash

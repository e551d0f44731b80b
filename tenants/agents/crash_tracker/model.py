"""The values of the crash tracker: what it reads, a crash taken apart, a group of equal crashes.

Pure data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["own", "library", "entry"]


@dataclass(frozen=True, slots=True)
class Report:
    """One crash report with its trace, as read."""

    id: str
    occurred_at: datetime
    app: str
    version: str
    language: str
    users: int
    occurrences: int
    stack_trace: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One normalised frame.

    `kind` is "own" for the application's code, "entry" for the framework code that called the application
    (server loop, task runner), "library" for everything else.
    """

    place: str
    function: str
    kind: Kind

    def shown(self) -> str:
        """Return the frame as a report names it."""
        return f"{self.function} ({self.place})" if self.place else self.function


@dataclass(frozen=True, slots=True)
class Crash:
    """What a stack trace says: the root exception, and the frames from the crash outwards."""

    exception: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Reports of one underlying bug, in time order; `frames` are those that identify it."""

    fingerprint: str
    app: str
    language: str
    exception: str
    frames: tuple[Frame, ...]
    reports: tuple[Report, ...]

"""What a made-up history is asked to be: so many days, from a seed, with these faults; pure.

A fault is the label, too: who measures a detector holds its findings against the faults that were put in.
"""

from dataclasses import dataclass
from typing import Final, Literal

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

Kind = Literal[
    "slowdown",
    "accuracy",
    "denials",
    "sequence",
    "destination",
    "volume",
    "schema",
    "checks",
    "jury",
]
"""What goes wrong. `size` of a fault is, in this order: the factor of the milliseconds; the points of accuracy lost;
the calls refused; the odd workflows; the calls to what is new; the factor of the bytes; and of the last three the share
that fails, in percent."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one role (the jury's: with no role), from `begin_ms` to before `end_ms`."""

    kind: Kind
    role: str
    size: float
    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Story:
    """A whole history. The same story makes the same entries, byte for byte."""

    seed: int
    begin_ms: int
    days: int
    faults: tuple[Fault, ...] = ()
    roles: tuple[str, ...] = ("crash-tracker", "telemetry-analyzer", "pr-creator", "juror")
    revision: str = ""
    """The policy that is said to have decided; empty where nobody may hold the entries against one."""

    @property
    def end_ms(self) -> int:
        """When it is over."""
        return self.begin_ms + self.days * DAY_MS

"""A measured figure: its runs, its median, what was promised of it, and whether that holds; pure.

Nothing here measures or prints. A median that misses its target is a `MISS`, however narrowly.
"""

import statistics
from dataclasses import dataclass
from typing import Literal, assert_never


@dataclass(frozen=True, slots=True)
class AtMost:
    """Promised: this or less."""

    limit: float


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Promised: this or more."""

    limit: float


Target = AtMost | AtLeast
Verdict = Literal["ok", "MISS", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `values` are its runs in the order in which they were measured, at least one."""

    key: str
    """Its name for programs: stable, lower case."""
    name: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None

    @property
    def median(self) -> float:
        """What the row shows, and what is held against the target."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> Verdict:
        """Whether the median keeps what was promised; empty where nothing was."""
        match self.target:
            case None:
                return ""
            case AtMost(limit):
                return "ok" if self.median <= limit else "MISS"
            case AtLeast(limit):
                return "ok" if self.median >= limit else "MISS"
            case _ as never:
                assert_never(never)


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that were measured together, under one heading."""

    title: str
    figures: tuple[Figure, ...]


def misses(sections: tuple[Section, ...]) -> tuple[Figure, ...]:
    """Every figure that misses its target, in order."""
    return tuple(each for section in sections for each in section.figures if each.verdict == "MISS")


def ratios(ours: tuple[float, ...], theirs: tuple[float, ...]) -> tuple[float, ...]:
    """Ours by theirs, run by run: both of one run saw the same machine. Raises `ValueError` for unequal counts."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))

"""The values of the telemetry analyzer: a series as read, and a finding in it.

Pure data. Times are unix seconds.
"""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Line:
    """One series: what it measures, where, and (bucket start, value) in time order."""

    metric: str
    service: str
    region: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """What classification may look at.

    `ratio` is the median value of the anomaly over what the baseline expects (1.0 is ordinary), `minutes` its
    length, `peak_z` the largest robust z-score without sign, `level` the most extreme value in the metric's unit.
    """

    metric: str
    direction: Direction
    ratio: float
    minutes: int
    peak_z: float
    level: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One anomaly: where, when (end exclusive), how it looks, and what the baseline expected there."""

    service: str
    region: str
    begin: int
    end: int
    expected: float
    traits: Traits

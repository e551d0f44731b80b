"""Every threshold of every detector, in this one file: what counts as enough, and what as too much.

Pure. Protected: the meta-workflow cannot propose a change of it. Each figure is explained in docs/detectors/.
"""

from dataclasses import dataclass
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

ALPHA: Final = 0.05
"""What one detector may expect to be wrong of one role in one week. Nine detectors: less than one half, together."""
STEP_MS: Final = 6 * HOUR_MS
"""How often a window is looked at."""
BASELINE_MS: Final = 14 * DAY_MS
"""How far back a window's own history reaches."""
MAX_EVIDENCE: Final = 50
"""Entries that a finding names; it counts all of them."""
MIN_BASELINE_DAYS: Final = 2
"""Days with data before a window. With less, a role has no history, and nothing is said of it."""

CLUMPING_WINDOWS: Final = 4.0
"""How many windows the belief is worth that failures come one by one: a few windows scatter by chance."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Outcome milliseconds of one route of one role, against the same hours of its days before."""

    width_ms: int = DAY_MS
    min_recent: int = 8
    min_day: int = 5
    min_stratum: int = 10
    min_ratio: float = 1.3
    prior_spread: float = 0.15
    """What is believed of the spread of a route's daily medians (as a logarithm) before it was seen."""
    prior_days: float = 8.0
    """How many days that belief is worth."""
    baseline_sample: int = 4_000
    recent_sample: int = 2_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of failures in a window, against the share before."""

    width_ms: int
    step_ms: int
    min_hits: int
    min_trials: int
    min_baseline: int
    min_ratio: float
    """The window's share by the share before."""
    min_difference: float
    """The window's share less the share before."""
    least_clumping: float
    """Failures come in clumps (one workflow, several tries): at least so many count as one."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Bytes sent out to one service, against the same hours of the days before."""

    widths_ms: tuple[int, ...] = (6 * HOUR_MS, DAY_MS)
    floor_bytes: int = 8_192
    """Added to every sum: differences of less than this are no matter."""
    min_ratio: float = 2.0
    min_bytes: int = 65_536
    prior_spread: float = 0.30
    prior_windows: float = 8.0
    min_before: int = 4
    """Windows of the same hours on days of the same kind: workdays, or weekends."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """How surprising the order of a workflow's routes is to somebody who knows the role."""

    idle_ms: int = HOUR_MS
    """A workflow that did nothing for so long begins a new sequence."""
    max_calls: int = 200
    min_calls: int = 4
    min_sequences: int = 20
    smoothing: float = 0.5
    min_bits: float = 12.0
    """Surprise in excess of what the role's own sequences of that length have."""
    tail: float = 5.0
    """Degrees of freedom of the Student distribution that stands for the excess: heavy tails on purpose."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """Services, routes and data classes that an established role uses for the first time."""

    min_requests: int = 200
    min_days: int = 5
    max_expected: float = 1.0
    """New ones a week that this role's own past lets one expect (Good-Turing). A role with more tries things out."""


LATENCY: Final = Latency()
VOLUME: Final = Volume()
SEQUENCES: Final = Sequences()
DESTINATIONS: Final = Destinations()
DENIALS: Final = Rate(
    width_ms=6 * HOUR_MS,
    step_ms=STEP_MS,
    min_hits=10,
    min_trials=10,
    min_baseline=100,
    min_ratio=3.0,
    min_difference=0.02,
    least_clumping=3.0,
)
SCHEMA_FAILURES: Final = Rate(
    width_ms=2 * DAY_MS,
    step_ms=DAY_MS,
    min_hits=3,
    min_trials=4,
    min_baseline=10,
    min_ratio=2.0,
    min_difference=0.10,
    least_clumping=1.0,
)
CHECKS: Final = Rate(
    width_ms=4 * DAY_MS,
    step_ms=DAY_MS,
    min_hits=3,
    min_trials=4,
    min_baseline=10,
    min_ratio=2.0,
    min_difference=0.15,
    least_clumping=1.0,
)
JURY: Final = Rate(
    width_ms=4 * DAY_MS,
    step_ms=DAY_MS,
    min_hits=3,
    min_trials=4,
    min_baseline=10,
    min_ratio=2.0,
    min_difference=0.15,
    least_clumping=1.0,
)
ACCURACY: Final = Rate(
    width_ms=2 * DAY_MS,
    step_ms=DAY_MS,
    min_hits=5,
    min_trials=40,
    min_baseline=80,
    min_ratio=1.2,
    min_difference=0.04,
    least_clumping=1.0,
)

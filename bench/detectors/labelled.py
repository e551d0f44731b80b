"""The histories that detectors are held against: each fault of each size many times, and histories with none.

No clock, no I/O; everything follows from the seeds. Roles of one history have faults of their own, one each.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from proof.histories.model import DAY_MS, HOUR_MS, Fault, Kind, Story

DAYS: Final = 30
BEGIN_MS: Final = 1_760_054_400_000  # 2025-10-10, a Friday
_EARLIEST_DAY: Final = 10
_LATEST_DAY: Final = 24
_FIRST_SEED: Final = 5_001
"""Thresholds were chosen while looking at others (1 to 68, 30,001 to 30,030): these are what they are measured on."""
_AGENTS: Final = ("crash-tracker", "telemetry-analyzer", "pr-creator", "juror")


@dataclass(frozen=True, slots=True)
class Graded:
    """One kind of fault: its sizes, how long it lasts, whom it may have, and from which size it has to be found."""

    kind: Kind
    detector: str
    sizes: tuple[float, ...]
    hours: float
    roles: tuple[str, ...]
    unit: str
    promised: float | None


GRADED: Final = (
    Graded("slowdown", "latency", (1.5, 2.0, 3.0, 5.0), 48, _AGENTS, "x", 3.0),
    Graded("accuracy", "accuracy", (5.0, 10.0, 15.0, 30.0), 120, ("telemetry-analyzer",), "points", 15.0),
    Graded("denials", "denials", (10.0, 20.0, 40.0), 1, _AGENTS, "calls", 20.0),
    Graded("sequence", "sequences", (1.0, 3.0), 12, _AGENTS[:3], "workflows", 1.0),
    Graded("destination", "destinations", (1.0, 5.0), 1, _AGENTS, "calls", 1.0),
    Graded("volume", "volume", (3.0, 10.0), 24, ("telemetry-analyzer", "juror", "crash-tracker"), "x", 10.0),
    Graded("schema", "schema_failures", (10.0, 25.0, 50.0), 96, _AGENTS[:3], "%", None),
    Graded("checks", "checks", (25.0, 50.0), 96, ("pr-creator",), "%", None),
    Graded("jury", "jury", (25.0, 50.0), 96, ("",), "%", None),
)


def stories(times: int, without: int) -> Iterator[Story]:
    """Each size of each kind `times` times, as few histories as that takes; then `without` that have no fault."""
    waiting = deque((grade, size) for _ in range(times) for grade in GRADED for size in grade.sizes)
    seed = _FIRST_SEED
    while waiting:
        chance = Random(seed)
        yield Story(seed, BEGIN_MS, DAYS, tuple(_some(waiting, chance)))
        seed += 1
    for number in range(without):
        yield Story(20_000 + number, BEGIN_MS + number * DAY_MS, DAYS)


def _some(waiting: deque[tuple[Graded, float]], chance: Random) -> Iterator[Fault]:
    """At most one for each role, the longest waiting first."""
    free = set(_AGENTS) | {""}
    for _ in range(len(waiting)):
        grade, size = waiting.popleft()
        roles = [role for role in grade.roles if role in free]
        if not roles:
            waiting.append((grade, size))
            continue
        role = chance.choice(roles)
        free.remove(role)
        begin = BEGIN_MS + chance.randrange(_EARLIEST_DAY * DAY_MS, _LATEST_DAY * DAY_MS)
        yield Fault(grade.kind, role, size, begin, begin + int(grade.hours * HOUR_MS))

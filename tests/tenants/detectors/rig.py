"""A log of observations and happenings for the tests of detectors, with chance from a seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tenants.agents.meta_workflow.detectors.seen import Seen, seen_in
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS, HOUR_MS
from tenants.agents.meta_workflow.model import Happening, History, Observation

MONDAY = 1_760_313_600_000  # 2025-10-13, midnight UTC
TRACKER = "crash-tracker"
ANALYZER = "telemetry-analyzer"


@dataclass
class Log:
    """Entries in the order in which they were made; `seq` counts them as a log does."""

    chance: Random = field(default_factory=lambda: Random(7))
    observations: list[Observation] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    size: int = 0

    def call(self, time_ms: int, role: str = TRACKER, **more: Any) -> Observation:
        """One call of a role, allowed and answered unless told otherwise."""
        facts: dict[str, Any] = {
            "workflow": f"wf-{role}-{time_ms // HOUR_MS}",
            "kind": "request",
            "decision": "allow",
            "source": "policy",
            "service": "crash-reporting",
            "route": "read-report",
            "action": "read",
            "data": "crash-reports",
            "target": "GET /reports/17",
            "result": "completed",
            "status": 200,
            "ms": 30,
        } | more
        allowed = facts["decision"] == "allow"
        outcome = facts.pop("outcome_seq", self.size + 1 if allowed else None)
        one = Observation(seq=self.size, outcome_seq=outcome, time_ms=time_ms, role=role, **facts)
        self.size += 2 if allowed else 1
        self.observations.append(one)
        return one

    def denial(self, time_ms: int, code: str, role: str = TRACKER, **more: Any) -> Observation:
        """One call that was refused."""
        return self.call(time_ms, role, decision="deny", codes=(code,), result=None, status=0, ms=0, **more)

    def event(self, time_ms: int, event: str, role: str = ANALYZER, **detail: str | int) -> Happening:
        """One event of a role."""
        one = Happening(self.size, time_ms, event, "wf-1", role, dict(detail))
        self.size += 1
        self.happenings.append(one)
        return one

    def days(
        self, count: int, each: Callable[[int], object], *, a_day: int = 96, begin: int = MONDAY
    ) -> None:
        """Have something done at evenly spread times of that many days; `each` is given the time."""
        step = DAY_MS // a_day
        for number in range(count * a_day):
            each(begin + number * step)

    def noisy(self, median: float) -> int:
        """Milliseconds as services have them: a log-normal around a median."""
        return max(1, round(median * self.chance.lognormvariate(0.0, 0.4)))

    @property
    def history(self) -> History:
        """Both parts, by their place in the log."""
        return History(
            tuple(sorted(self.observations, key=lambda one: one.seq)),
            tuple(sorted(self.happenings, key=lambda one: one.seq)),
        )

    @property
    def seen(self) -> Seen:
        """What a detector is given."""
        return seen_in(self.history)

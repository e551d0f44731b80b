"""Findings held against the faults that were put in: what was found and how soon, and what was found where nothing was."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from bench.detectors.labelled import GRADED
from bench.detectors.observing import history_of
from proof.histories.generate import generate
from proof.histories.model import DAY_MS, HOUR_MS, Fault, Story
from tenants.agents.meta_workflow.detectors.all import find
from tenants.agents.meta_workflow.model import Finding

_AFTER_MS: Final = 2 * DAY_MS
"""The widest window: so long after its end a fault can still be in one."""
_WEEK_DAYS: Final = 7
_CORES: Final = 2
_DETECTORS: Final = {grade.kind: grade.detector for grade in GRADED}


@dataclass(slots=True)
class Found:
    """What became of all faults of one kind and size."""

    faults: int = 0
    delays_h: list[float] = field(default_factory=list)
    """Hours from the begin of each that was found to the end of the first window that alarmed."""

    @property
    def recall(self) -> float:
        """The share that was found."""
        return len(self.delays_h) / self.faults if self.faults else 0.0


@dataclass(slots=True)
class Tally:
    """All of it. `alarms` counts the findings of a detector, `apt` those at a role and time with a fault."""

    found: dict[tuple[str, float], Found] = field(default_factory=dict)
    alarms: dict[str, int] = field(default_factory=dict)
    apt: dict[str, int] = field(default_factory=dict)
    role_weeks: float = 0.0
    false_by_week: Counter[tuple[int, str, int]] = field(default_factory=Counter)
    """False alarms by the story's seed, the role and the week."""

    def false_alarms(self, detector: str) -> float:
        """For each role and week."""
        return (self.alarms.get(detector, 0) - self.apt.get(detector, 0)) / self.role_weeks

    @property
    def all_false_alarms(self) -> float:
        """By all detectors together, for each role and week."""
        return sum(self.false_by_week.values()) / self.role_weeks

    @property
    def crowded_weeks(self) -> int:
        """Weeks of a role with more than one false alarm."""
        return sum(count > 1 for count in self.false_by_week.values())

    def precision(self, detector: str) -> float:
        """The share of its findings at a role and time with a fault; 1 where it found nothing."""
        alarms = self.alarms.get(detector, 0)
        return self.apt.get(detector, 0) / alarms if alarms else 1.0


def measure(stories: Sequence[Story]) -> Tally:
    """Generate, find, compare: two stories at a time, on two cores, counted in their order."""
    tally = Tally()
    with ProcessPoolExecutor(max_workers=_CORES) as pool:
        for story, findings in zip(stories, pool.map(_findings, stories), strict=True):
            compare(tally, story, findings)
    return tally


def _findings(story: Story) -> tuple[Finding, ...]:
    return find(history_of(generate(story)))


def compare(tally: Tally, story: Story, findings: Sequence[Finding]) -> None:
    """Count one story's findings."""
    tally.role_weeks += len(story.roles) * story.days / _WEEK_DAYS
    for fault in story.faults:
        cell = tally.found.setdefault((fault.kind, fault.size), Found())
        cell.faults += 1
        seen = [one.numbers["first_seen_ms"] for one in findings if _is_of(one, fault)]
        if seen:
            cell.delays_h.append(max(0.0, min(seen) - fault.begin_ms) / HOUR_MS)
    for finding in findings:
        tally.alarms[finding.detector] = tally.alarms.get(finding.detector, 0) + 1
        if any(_touches(finding, fault) for fault in story.faults):
            tally.apt[finding.detector] = tally.apt.get(finding.detector, 0) + 1
        else:
            week = (finding.window.to_ms - story.begin_ms) // (_WEEK_DAYS * DAY_MS)
            tally.false_by_week[story.seed, finding.role, week] += 1


def _is_of(finding: Finding, fault: Fault) -> bool:
    return finding.detector == _DETECTORS[fault.kind] and _touches(finding, fault)


def _touches(finding: Finding, fault: Fault) -> bool:
    """Whether the finding is of the fault's role, and of a time in which the fault can be seen."""
    begin, end = finding.window
    return finding.role == fault.role and begin < fault.end_ms + _AFTER_MS and end > fault.begin_ms

"""From alarming windows to findings: neighbours become one, evidence is chosen, bounded and counted.

Pure. Promises one finding for one stretch of trouble of a role and subject, the same whichever machine looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tenants.agents.meta_workflow.detectors.thresholds import MAX_EVIDENCE, STEP_MS
from tenants.agents.meta_workflow.model import Effect, Finding, Pattern, Window

_DIGITS: Final = 4
_CERTAIN: Final = 0.999999  # no statistics make anything certain


@dataclass(frozen=True, slots=True)
class Alarm:
    """One window in which something was found. `group` is what one problem may spread over."""

    role: str
    group: str
    subject: str
    window: Window
    baseline: Window
    p: float
    """Adjusted."""
    effect: Effect
    evidence: tuple[int, ...]
    numbers: dict[str, float]


def findings(detector: str, pattern: Pattern, alarms: Iterable[Alarm]) -> tuple[Finding, ...]:
    """One finding for each stretch of alarms of one role and group; the least likely window speaks for it."""
    ordered = sorted(alarms, key=lambda one: (one.role, one.group, one.window, one.subject))
    stretches: list[list[Alarm]] = []
    until = 0
    for alarm in ordered:
        last = stretches[-1][-1] if stretches else None
        if last is None or _key(last) != _key(alarm) or alarm.window.from_ms > until + STEP_MS:
            stretches.append([])
            until = 0
        stretches[-1].append(alarm)
        until = max(until, alarm.window.to_ms)
    return tuple(_finding(detector, pattern, stretch) for stretch in stretches)


def chosen(entries: Iterable[int]) -> tuple[int, ...]:
    """At most `MAX_EVIDENCE` of them, ascending and evenly spread, the first and the last included."""
    ordered = sorted(set(entries))
    if len(ordered) <= MAX_EVIDENCE:
        return tuple(ordered)
    places = np.linspace(0, len(ordered) - 1, MAX_EVIDENCE).round().astype(int)
    return tuple(ordered[place] for place in places.tolist())


def with_onset(alarm: Alarm, began_ms: int) -> Alarm:
    """The same with a window that begins where the change did, and never after its middle."""
    window = alarm.window
    begin = min(max(began_ms, window.from_ms), (window.from_ms + window.to_ms) // 2)
    return replace(alarm, window=Window(begin, window.to_ms))


def _key(alarm: Alarm) -> tuple[str, str]:
    return alarm.role, alarm.group


def _finding(detector: str, pattern: Pattern, stretch: Sequence[Alarm]) -> Finding:
    evidence = {entry for one in stretch for entry in one.evidence}
    worst = min(stretch, key=lambda one: (one.p, -one.effect.value, one.window, one.subject))
    numbers = {name: round(float(value), _DIGITS) for name, value in worst.numbers.items()}
    numbers |= {
        "entries": float(len(evidence)),
        "windows": float(len({one.window for one in stretch})),
        "subjects": float(len({one.subject for one in stretch})),
        "first_seen_ms": float(min(one.window.to_ms for one in stretch)),
    }
    return Finding(
        detector=detector,
        pattern=pattern,
        role=worst.role,
        subject=worst.subject,
        effect=Effect(worst.effect.name, round(float(worst.effect.value), _DIGITS), worst.effect.unit),
        confidence=round(min(_CERTAIN, 1 - float(worst.p)), 6),
        window=Window(min(one.window.from_ms for one in stretch), max(one.window.to_ms for one in stretch)),
        baseline=worst.baseline,
        entries=chosen(evidence),
        numbers=dict(sorted(numbers.items())),
    )

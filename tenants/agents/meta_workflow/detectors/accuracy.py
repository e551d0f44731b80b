"""Accuracy on labelled samples that falls below what the same role reported before.

Pure. The figure is the agent's own report, kept after its schema passed: it can make itself look better or worse, and
nobody else. A report without both figures is left out.
"""

from collections import defaultdict
from dataclasses import replace
from typing import Final

import numpy as np

from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings
from tenants.agents.meta_workflow.detectors.rates import Trials, alarms
from tenants.agents.meta_workflow.detectors.seen import Seen, is_name, number, times_of
from tenants.agents.meta_workflow.detectors.thresholds import ACCURACY
from tenants.agents.meta_workflow.model import Effect, Finding, Happening

_KEPT: Final = "report.kept"
_WHOLE_BP: Final = 10_000
_MOST_SAMPLES: Final = 1_000
"""A report that claims more counts as this many, and does not drown the others."""


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of lower accuracy, by role and type of report."""
    kept: dict[tuple[str, str], list[Happening]] = defaultdict(list)
    for one in seen.happenings:
        type_ = str(one.detail.get("type", ""))
        if one.event == _KEPT and is_name(one.role) and is_name(type_) and _figures(one) is not None:
            kept[one.role, type_].append(one)
    everything = [_trials(role, type_, each) for (role, type_), each in sorted(kept.items())]
    return findings("accuracy", "drift", map(_as_accuracy, alarms(everything, ACCURACY)))


def _figures(one: Happening) -> tuple[int, int] | None:
    """Wrong samples, and all; None where the report states no usable figures."""
    right, samples = number(one.detail.get("accuracy_bp")), number(one.detail.get("samples"))
    if right is None or not samples or right > _WHOLE_BP:
        return None
    samples = min(samples, _MOST_SAMPLES)
    return round(samples * (_WHOLE_BP - right) / _WHOLE_BP), samples


def _trials(role: str, type_: str, reports: list[Happening]) -> Trials:
    figures = [found for one in reports if (found := _figures(one)) is not None]
    return Trials(
        role=role,
        subject=type_,
        times=times_of(reports),
        hits=np.array([wrong for wrong, _ in figures], dtype=np.int64),
        of=np.array([samples for _, samples in figures], dtype=np.int64),
        entries=np.array([one.seq for one in reports], dtype=np.int64),
    )


def _as_accuracy(alarm: Alarm) -> Alarm:
    """The same told as people tell it: how many points the accuracy fell, and from what to what."""
    numbers = {
        "accuracy": 1 - alarm.numbers["share"],
        "accuracy_before": 1 - alarm.numbers["share_before"],
        "samples": alarm.numbers["of"],
        "samples_before": alarm.numbers["of_before"],
    }
    return replace(alarm, effect=Effect("accuracy", alarm.effect.value, "points"), numbers=numbers)

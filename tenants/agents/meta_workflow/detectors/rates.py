"""A share of failures that is higher than it was: the statistics that five detectors have in common.

Pure. The past share is a sample (beta-binomial), and failures that come in clumps count as fewer: by as much as the
history's own windows scatter more than chance would have them (Pearson's dispersion).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.chance import adjusted, alarming, more_hits
from tenants.agents.meta_workflow.detectors.episodes import Alarm
from tenants.agents.meta_workflow.detectors.thresholds import (
    CLUMPING_WINDOWS,
    DAY_MS,
    MIN_BASELINE_DAYS,
    Rate,
)
from tenants.agents.meta_workflow.detectors.windows import View, days_before, views
from tenants.agents.meta_workflow.model import Effect

_WEEK_MS: Final = 7 * DAY_MS
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Trials:
    """What was tried, in the order of the log: of `of` at each time, `hits` failed."""

    role: str
    subject: str
    times: NDArray[np.int64]
    hits: NDArray[np.int64]
    of: NDArray[np.int64]
    entries: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Share:
    hits: float
    of: float

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0

    @property
    def cautious(self) -> float:
        """The same with half a failure more, so that none at all is not zero."""
        return (self.hits + _HALF) / (self.of + 1)


def alarms(everything: Sequence[Trials], rule: Rate) -> Iterator[Alarm]:
    """The windows in which a share is higher than before, by the rule's measure."""
    for trials in everything:
        beside = sum(one.role == trials.role for one in everything)
        yield from _of(trials, rule, tests=beside * _WEEK_MS / rule.step_ms)


def _of(trials: Trials, rule: Rate, tests: float) -> Iterator[Alarm]:
    ordinary = np.ones(len(trials.times), dtype=np.bool_)
    for view in views(trials.times, rule.width_ms, rule.step_ms):
        now = _Share(
            float(trials.hits[view.begin : view.end].sum()), float(trials.of[view.begin : view.end].sum())
        )
        if now.hits < rule.min_hits or now.of < rule.min_trials:
            continue
        base = np.flatnonzero(ordinary[view.base_begin : view.begin]) + view.base_begin
        past = _Share(float(trials.hits[base].sum()), float(trials.of[base].sum()))
        days = len(np.unique(days_before(trials.times[base], view.window.from_ms)))
        if past.of < rule.min_baseline or days < MIN_BASELINE_DAYS or not _matters(now, past, rule):
            continue
        clumps = max(rule.least_clumping, _clumping(trials, base, view, rule.width_ms))
        p = adjusted(
            more_hits(now.hits / clumps, now.of / clumps, past.hits / clumps, past.of / clumps), tests
        )
        if alarming(p):
            ordinary[view.begin : view.end] = False
            yield _alarm(trials, view, (now, past), p)


def _matters(now: _Share, past: _Share, rule: Rate) -> bool:
    return now.value >= rule.min_ratio * past.cautious and now.value - past.value >= rule.min_difference


def _clumping(trials: Trials, base: NDArray[np.int64], view: View, width_ms: int) -> float:
    """How much more the windows before scatter than independent failures would, mixed with a belief that they do not."""
    windows = (view.window.from_ms - 1 - trials.times[base]) // width_ms
    count = int(windows.max()) + 1
    hits = np.bincount(windows, weights=trials.hits[base], minlength=count)
    of = np.bincount(windows, weights=trials.of[base], minlength=count)
    hits, of = hits[of > 0], of[of > 0]
    share = hits.sum() / of.sum()
    if not 0 < share < 1 or len(of) < MIN_BASELINE_DAYS:
        return 1.0
    scatter = float(np.sum((hits - of * share) ** 2 / (of * share * (1 - share))))
    return (CLUMPING_WINDOWS + scatter) / (CLUMPING_WINDOWS + len(of) - 1)


def _alarm(trials: Trials, view: View, shares: tuple[_Share, _Share], p: float) -> Alarm:
    now, past = shares
    failed = trials.hits[view.begin : view.end] > 0
    return Alarm(
        role=trials.role,
        group=trials.subject,
        subject=trials.subject,
        window=view.window,
        baseline=view.baseline,
        p=p,
        effect=Effect("points", 100 * (now.value - past.value), "percent"),
        evidence=tuple(trials.entries[view.begin : view.end][failed].tolist()),
        numbers={
            "failed": now.hits,
            "of": now.of,
            "share": now.value,
            "share_before": past.value,
            "of_before": past.of,
        },
    )

"""Calls that take longer than the role's own did, at the same hours of its days before.

Pure. Two tests must agree: Mann-Whitney U over calls (is it so within the days we saw?), and the day against the
spread of days (do days differ so much anyway?). Statistics: docs/detectors/latency.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.chance import (
    Floats,
    adjusted,
    alarming,
    larger,
    more_than_days,
)
from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings, with_onset
from tenants.agents.meta_workflow.detectors.hours import daily_medians, expected, usual_hours
from tenants.agents.meta_workflow.detectors.onset import onset
from tenants.agents.meta_workflow.detectors.seen import Seen, place_of, times_of
from tenants.agents.meta_workflow.detectors.thresholds import (
    DAY_MS,
    LATENCY,
    MIN_BASELINE_DAYS,
    STEP_MS,
)
from tenants.agents.meta_workflow.detectors.windows import View, days_before, views
from tenants.agents.meta_workflow.model import Effect, Finding, Observation

_TIMED: Final = ("completed", "timeout")  # what the client or we broke off says nothing of the service
_WEEK_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class _Calls:
    """The timed calls of one role on one route, in the order of the log."""

    role: str
    place: str
    times: NDArray[np.int64]
    logs: Floats
    """Natural logarithms of milliseconds."""
    entries: NDArray[np.int64]
    """Sequence numbers of the outcomes, where the milliseconds stand."""


@dataclass(frozen=True, slots=True)
class _Shift:
    p: float
    ratio: float
    recent: Floats
    """Logarithms in excess of what the hour lets one expect, NaN where it has no history."""


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of slowness, one for each role and service."""
    alarms: list[Alarm] = []
    for role, observations in seen.roles.items():
        routes = _routes(role, observations)
        for calls in routes:
            alarms.extend(_alarms(calls, tests=len(routes) * _WEEK_MS / STEP_MS))
    return findings("latency", "degradation", alarms)


def _routes(role: str, observations: Sequence[Observation]) -> list[_Calls]:
    timed: dict[str, list[Observation]] = {}
    for one in observations:
        if one.outcome_seq is not None and one.result in _TIMED and one.decision == "allow":
            place = place_of(one.service, one.route)
            if place:
                timed.setdefault(place, []).append(one)
    return [
        _Calls(
            role,
            place,
            times_of(calls),
            np.log(np.array([max(1, one.ms) for one in calls], dtype=np.float64)),
            np.array([one.outcome_seq for one in calls], dtype=np.int64),
        )
        for place, calls in sorted(timed.items())
    ]


def _alarms(calls: _Calls, tests: float) -> Iterator[Alarm]:
    """Windows that alarm; what lies in one is no history for the next."""
    ordinary = np.ones(len(calls.times), dtype=np.bool_)
    for view in views(calls.times, LATENCY.width_ms, STEP_MS):
        if view.end - view.begin < LATENCY.min_recent:
            continue
        shift = _shift(calls, view, ordinary)
        p = adjusted(shift.p, tests) if shift is not None else 1.0
        if shift is not None and alarming(p) and shift.ratio >= LATENCY.min_ratio:
            ordinary[view.begin : view.end] = False
            yield _alarm(calls, view, shift, p)


def _shift(calls: _Calls, view: View, ordinary: NDArray[np.bool_]) -> _Shift | None:
    """How the window differs from its history; None where either is too small to say."""
    base = np.flatnonzero(ordinary[view.base_begin : view.begin]) + view.base_begin
    if len(base) < LATENCY.min_day * MIN_BASELINE_DAYS:
        return None
    base = _thinned(base, LATENCY.baseline_sample)
    window = _thinned(np.arange(view.begin, view.end), LATENCY.recent_sample)
    base_times, base_logs = calls.times[base], calls.logs[base]
    usual = usual_hours(base_times, base_logs)
    before = base_logs - expected(usual, base_times)
    recent = calls.logs[window] - expected(usual, calls.times[window])
    known = recent[~np.isnan(recent)]
    daily = daily_medians(days_before(base_times, view.window.from_ms), before)
    if len(known) < LATENCY.min_recent or len(daily) < MIN_BASELINE_DAYS:
        return None
    middle = float(np.median(known))
    p = more_than_days(middle, daily, spread=LATENCY.prior_spread, days=LATENCY.prior_days)
    if alarming(p):  # by itself, before anything is asked that takes time
        p = max(p, larger(known, before[~np.isnan(before)]))
    every = calls.logs[view.begin : view.end] - expected(usual, calls.times[view.begin : view.end])
    return _Shift(p, float(np.exp(middle - daily.mean())), every)


def _thinned(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most about that many, evenly spread: what a median and a rank test need, in bounded time."""
    return places[:: max(1, -(-len(places) // most))]


def _alarm(calls: _Calls, view: View, shift: _Shift, p: float) -> Alarm:
    logs, times = calls.logs[view.begin : view.end], calls.times[view.begin : view.end]
    known = ~np.isnan(shift.recent)
    middle = float(np.median(shift.recent[known]))
    slow = known & (shift.recent >= middle / 2)
    alarm = Alarm(
        role=calls.role,
        group=calls.place.partition("/")[0],
        subject=calls.place,
        window=view.window,
        baseline=view.baseline,
        p=p,
        effect=Effect("ratio", shift.ratio, "ms"),
        evidence=tuple(calls.entries[view.begin : view.end][slow].tolist()),
        numbers={
            "calls": float(len(logs)),
            "median_ms": float(np.exp(np.median(logs))),
            "expected_ms": float(np.exp(np.median(logs) - middle)),
        },
    )
    began = onset(times[known].tolist(), shift.recent[known].tolist(), view.window.from_ms)
    return with_onset(alarm, began)

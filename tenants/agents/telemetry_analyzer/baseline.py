"""Anomalies of the last day against a seasonal baseline: robust z-scores for each time of day.

Pure, and without a clock: the last day is the last 24 hours of the series. The baseline of a bucket is the median
of the same time of day, and its neighbours, on all days before; spread is the median absolute deviation. Medians
keep past incidents from passing for normal.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tenants.agents.telemetry_analyzer.model import Direction, Finding, Line, Traits

DAY_S = 86_400
Z_LIMIT = 7.0  # robust z-score from which a bucket is anomalous; ordinary noise stays below 5
GAP = 1  # ordinary buckets that do not end an anomaly
_TO_SIGMA = 1.4826  # median absolute deviation to standard deviation, for a normal distribution
_COUNTED = ("errors", "requests")  # rates of single events: their spread is at least that of chance (Poisson)
_SPREAD_FLOOR = 0.04  # of the median: below this, differences are too small to matter whatever their z-score


@dataclass(frozen=True, slots=True)
class _Bucket:
    time: int
    value: float
    expected: float
    z: float


def find(lines: Sequence[Line]) -> list[Finding]:
    """Return all findings, in the order of their begin, then service, region and metric."""
    findings = [finding for line in lines for finding in _find_in(line)]
    return sorted(findings, key=lambda one: (one.begin, one.service, one.region, one.traits.metric))


def _find_in(line: Line) -> list[Finding]:
    if len(line.points) < 2:  # noqa: PLR2004 - one point has no bucket width
        return []
    step = line.points[1][0] - line.points[0][0]
    begin = line.points[-1][0] + step - DAY_S
    history: dict[int, list[float]] = {}
    for time, value in line.points:
        if time < begin:
            history.setdefault(time % DAY_S, []).append(value)
    buckets = [
        bucket
        for time, value in line.points
        if time >= begin and (bucket := _bucket(line.metric, (time, value), history, step)) is not None
    ]
    return [_finding(line, run, step) for run in _runs(buckets)]


def _bucket(
    metric: str, point: tuple[int, float], history: dict[int, list[float]], step: int
) -> _Bucket | None:
    """Score one bucket, or None where there is no history to score it with."""
    time, value = point
    seen = [past for near in (-step, 0, step) for past in history.get((time + near) % DAY_S, [])]
    if not seen:
        return None
    expected = median(seen)
    spread = _TO_SIGMA * median([abs(past - expected) for past in seen])
    chance = math.sqrt(max(expected * step, 1.0)) / step if metric in _COUNTED else 0.0
    spread = max(spread, chance, _SPREAD_FLOOR * abs(expected), 1e-9)
    return _Bucket(time, value, expected, (value - expected) / spread)


def _runs(buckets: Sequence[_Bucket]) -> list[list[_Bucket]]:
    """Collect neighbouring anomalous buckets of one direction."""
    runs: list[list[_Bucket]] = []
    last = 0
    for index, bucket in enumerate(buckets):
        if abs(bucket.z) < Z_LIMIT:
            continue
        joins = runs and index - last <= GAP + 1 and (runs[-1][0].z > 0) == (bucket.z > 0)
        if joins:
            runs[-1].append(bucket)
        else:
            runs.append([bucket])
        last = index
    return runs


def _finding(line: Line, run: Sequence[_Bucket], step: int) -> Finding:
    direction: Direction = "up" if run[0].z > 0 else "down"
    expected = median(bucket.expected for bucket in run)
    values = [bucket.value for bucket in run]
    begin, end = run[0].time, run[-1].time + step
    return Finding(
        service=line.service,
        region=line.region,
        begin=begin,
        end=end,
        expected=round(expected, 4),
        traits=Traits(
            metric=line.metric,
            direction=direction,
            ratio=round(median(values) / expected, 3) if expected else float("inf"),
            minutes=(end - begin) // 60,
            peak_z=round(max(abs(bucket.z) for bucket in run), 1),
            level=round(max(values) if direction == "up" else min(values), 4),
        ),
    )

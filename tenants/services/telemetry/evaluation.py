"""A `Query` over stored series: selection, buckets, grouping, one number a bucket.

Pure. Ranges end at the end of the time axis, which is this service's "now". A bucket holds the samples of every
series of its group whose time is in [start, start + step). `rate` is the sum of the samples per second of the
bucket (the stored counts are per interval); percentiles interpolate linearly between the closest ranks.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from tenants.services.telemetry.language import Function, Query
from tenants.services.telemetry.series import Series

POINTS_LIMIT = 50_000  # buckets times groups in one answer


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis that all series share, in unix seconds: samples at begin, begin + step, … before end."""

    begin: int
    end: int
    step_s: int


class Line(msgspec.Struct, frozen=True):
    """One group: its labels, and [unix seconds of the bucket's start, value] in time order."""

    labels: dict[str, str]
    points: list[tuple[int, float]]


class Result(msgspec.Struct, frozen=True):
    """The answer to one query; groups are sorted by their label values."""

    begin: int
    end: int
    step_s: int
    series: list[Line]


class EvaluationError(Exception):
    """The query is well formed, but these series cannot answer it; the text says what they can."""


def evaluate(query: Query, stored: Sequence[Series], axis: Axis) -> Result:
    """Answer `query`; raises EvaluationError."""
    selected = _select(query, stored)
    _check_time(query, axis)
    groups: dict[tuple[str, ...], list[Series]] = {}
    for series in selected:
        groups.setdefault(tuple(series.labels[name] for name in query.by), []).append(series)
    buckets = query.range_s // query.step_s
    if buckets * len(groups) > POINTS_LIMIT:
        raise EvaluationError(f"the answer would hold more than {POINTS_LIMIT} points; use a longer step")
    lines = [
        Line(dict(zip(query.by, key, strict=True)), _points(query, members, axis))
        for key, members in sorted(groups.items())
    ]
    return Result(axis.end - query.range_s, axis.end, query.step_s, lines)


def _select(query: Query, stored: Sequence[Series]) -> list[Series]:
    of_metric = [series for series in stored if series.metric == query.metric]
    if not of_metric:
        names = ", ".join(sorted({series.metric for series in stored}))
        raise EvaluationError(f"there is no metric {query.metric}; there are {names}")
    labels = sorted(of_metric[0].labels)
    for name in [*query.by, *(matcher.label for matcher in query.matchers)]:
        if name not in labels:
            raise EvaluationError(f"{query.metric} has no label {name}; it has {', '.join(labels)}")
    return [
        series
        for series in of_metric
        if all(matcher.accepts(series.labels[matcher.label]) for matcher in query.matchers)
    ]


def _check_time(query: Query, axis: Axis) -> None:
    if query.range_s > axis.end - axis.begin:
        raise EvaluationError(f"the range is longer than the {axis.end - axis.begin} s that are stored")
    if query.step_s % axis.step_s:
        raise EvaluationError(f"the step must be a multiple of the sample interval, {axis.step_s} s")


def _points(query: Query, members: Iterable[Series], axis: Axis) -> list[tuple[int, float]]:
    function = _functions(query.step_s)[query.function]
    width = query.step_s // axis.step_s
    first = (axis.end - query.range_s - axis.begin) // axis.step_s
    total = (axis.end - axis.begin) // axis.step_s
    columns = [series.values for series in members]
    points = []
    for start in range(first, total, width):
        samples = [value for column in columns for value in column[start : start + width]]
        points.append((axis.begin + start * axis.step_s, round(function(samples), 6)))
    return points


def _functions(step_s: int) -> dict[Function, Callable[[list[float]], float]]:
    return {
        "avg": lambda samples: math.fsum(samples) / len(samples),
        "min": min,
        "max": max,
        "sum": math.fsum,
        "count": len,
        "p50": lambda samples: percentile(samples, 50),
        "p95": lambda samples: percentile(samples, 95),
        "p99": lambda samples: percentile(samples, 99),
        "rate": lambda samples: math.fsum(samples) / step_s,
    }


def percentile(samples: Sequence[float], percent: int) -> float:
    """Return the percentile of at least one sample, linear between the closest ranks (Hyndman and Fan, type 7)."""
    ordered = sorted(samples)
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = math.ceil(position)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)

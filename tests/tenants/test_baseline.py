"""Anomalies: what stands out against the same hours of the days before, and what does not."""

import math

import pytest

from tenants.agents.telemetry_analyzer.baseline import DAY_S, find
from tenants.agents.telemetry_analyzer.model import Line

STEP = 900
BUCKETS = 96
DAYS = 14


def line(metric: str = "latency_ms", changed: dict[int, float] | None = None) -> Line:
    """Make a series with a day's curve; `changed` replaces buckets, counted back from the end (-1 is the last)."""
    values = [100 + 50 * math.sin(2 * math.pi * index / BUCKETS) for index in range(DAYS * BUCKETS)]
    values = [value + (index * 7 % 5) for index, value in enumerate(values)]  # small and regular noise
    for index, value in (changed or {}).items():
        values[index] = value
    return Line(metric, "checkout", "eu", tuple((index * STEP, value) for index, value in enumerate(values)))


def test_an_ordinary_day_has_no_finding() -> None:
    """The curve of the day is what the baseline expects, peak and night alike."""
    assert find([line()]) == []


def test_a_shift_is_one_finding_with_its_numbers() -> None:
    """Eight high buckets with one ordinary between them are one finding: length, ratio, level, direction."""
    changed = {index: 300.0 for index in range(-20, -11) if index != -15}
    (found,) = find([line(changed=changed)])
    assert (found.service, found.region, found.traits.metric, found.traits.direction) == (
        "checkout",
        "eu",
        "latency_ms",
        "up",
    )
    assert found.begin == (DAYS * BUCKETS - 20) * STEP
    assert found.traits.minutes == 9 * 15
    assert found.traits.level == 300.0
    assert (
        found.traits.ratio == round(300.0 / found.expected, 3)
        or abs(found.traits.ratio - 300.0 / found.expected) < 0.01
    )


def test_up_and_down_are_two_findings() -> None:
    """A fall right after a rise is another finding."""
    found = find([line("cpu_percent", {-6: 400.0, -5: 400.0, -4: 1.0, -3: 1.0})])
    assert [one.traits.direction for one in found] == ["up", "down"]
    assert [one.traits.level for one in found] == [400.0, 1.0]


def test_two_ordinary_buckets_end_a_finding() -> None:
    """Anomalies further apart than the gap are told one by one."""
    assert len(find([line(changed={-10: 300.0, -7: 300.0})])) == 2


def test_a_past_incident_does_not_become_normal() -> None:
    """An incident of the same hours in the history neither hides a new one nor causes one."""
    past = dict.fromkeys(range(-5 * BUCKETS - 20, -5 * BUCKETS - 10), 900.0)
    assert find([line(changed=past)]) == []
    assert len(find([line(changed={**past, **dict.fromkeys(range(-20, -10), 300.0)})])) == 1


@pytest.mark.parametrize("metric", ["errors", "requests"])
def test_few_events_are_chance(metric: str) -> None:
    """One event more in a bucket of a rate that is nearly nothing is no anomaly."""
    points = tuple((index * STEP, 3 / STEP) for index in range(DAYS * BUCKETS))
    quiet = Line(metric, "catalog", "eu", (*points[:-1], (points[-1][0], 5 / STEP)))
    assert find([quiet]) == []
    loud = Line(metric, "catalog", "eu", (*points[:-1], (points[-1][0], 40 / STEP)))
    assert len(find([loud])) == 1


def test_too_little_data_is_no_finding() -> None:
    """Without a day before there is no baseline, and so no finding."""
    assert find([Line("errors", "a", "b", ())]) == []
    assert find([Line("errors", "a", "b", ((0, 1.0),))]) == []
    assert find([Line("errors", "a", "b", tuple((n * STEP, n * 1e9) for n in range(DAY_S // STEP)))]) == []

"""Slowness: against the role's own hours, with both tests agreeing, and nothing made of what is too little."""

import math

from tenants.agents.meta_workflow.detectors.latency import find
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS, HOUR_MS
from tenants.agents.meta_workflow.detectors.windows import is_weekend
from tests.tenants.detectors.rig import MONDAY, Log

WEEK = 7
LATE = MONDAY + WEEK * DAY_MS


def slowed(factor: float, *, after: int = LATE, days: int = 9, median: float = 30) -> Log:
    log = Log()
    log.days(days, lambda time: log.call(time, ms=log.noisy(median * (factor if time >= after else 1))))
    return log


def test_three_times_as_slow_is_one_finding_with_its_evidence() -> None:
    """Ratio, window, baseline, and outcome entries of the slow calls: all inside the two slow days."""
    log = slowed(3.0)
    (found,) = find(log.seen)
    assert (found.detector, found.pattern, found.role) == ("latency", "degradation", "crash-tracker")
    assert found.subject == "crash-reporting/read-report"
    assert 2.5 < found.effect.value < 3.6
    assert found.confidence > 0.99
    assert abs(found.window.from_ms - LATE) < 6 * HOUR_MS
    assert found.baseline.to_ms <= found.window.to_ms - 24 * HOUR_MS
    slow = {one.outcome_seq: one for one in log.observations if one.time_ms >= LATE - 6 * HOUR_MS}
    assert 0 < len(found.entries) <= 50
    assert all(entry in slow for entry in found.entries)
    assert 25 < found.numbers["expected_ms"] < 36
    assert 75 < found.numbers["median_ms"] < 110


def test_the_role_as_it_always_was_is_no_finding() -> None:
    """Noise alone says nothing."""
    assert find(slowed(1.0, days=20).seen) == ()


def test_busy_hours_are_no_slowness() -> None:
    """Three times slower every noon is what noon is like; against a flat baseline it would alarm every day."""
    log = Log()
    log.days(
        12,
        lambda time: log.call(time, ms=log.noisy(60 + 40 * math.sin((time % DAY_MS) / DAY_MS * 2 * math.pi))),
    )
    assert find(log.seen) == ()


def test_slow_workdays_after_a_quick_weekend_are_no_slowness() -> None:
    """A week has its shape too: Monday is held against other workdays."""
    log = Log()
    log.days(21, lambda time: log.call(time, ms=log.noisy(20 if is_weekend(time) else 50)))
    assert find(log.seen) == ()


def test_a_role_that_appears_today_has_no_history() -> None:
    """However slow: there is nothing to hold it against."""
    log = slowed(1.0)
    log.days(1, lambda time: log.call(time, "pr-creator", ms=90_000), begin=MONDAY + 8 * DAY_MS)
    assert find(log.seen) == ()


def test_a_handful_of_slow_calls_is_too_little() -> None:
    """Seven calls in a day are below what is looked at."""
    log = Log()
    log.days(9, lambda time: log.call(time, ms=30 if time < LATE else 900), a_day=7)
    assert find(log.seen) == ()


def test_calls_that_the_agent_left_are_not_timed() -> None:
    """An agent that reads slowly or walks away cannot make a service look slow."""
    log = slowed(1.0, days=7)
    log.days(2, lambda time: log.call(time, ms=90_000, result="client_gone"), begin=LATE)
    assert find(log.seen) == ()


def test_long_trouble_does_not_become_its_own_baseline() -> None:
    """Five slow days are one finding that lasts five days: what alarmed is no history for what follows."""
    (found,) = find(slowed(4.0, days=12).seen)
    assert found.window.to_ms - found.window.from_ms > 4.5 * DAY_MS
    assert found.numbers["windows"] >= 18


def test_one_role_slow_is_not_the_other() -> None:
    """Two roles on the same route: the one whose calls slowed is named, alone."""
    log = Log()
    log.days(9, lambda time: log.call(time, ms=log.noisy(30)))
    quick = len(log.observations)
    log.days(9, lambda time: log.call(time + 1, "other", ms=log.noisy(30 if time < LATE else 120)))
    assert len(log.observations) == 2 * quick
    log.observations.sort(key=lambda one: one.time_ms)
    log.observations = [
        one._replace(seq=2 * place, outcome_seq=2 * place + 1) for place, one in enumerate(log.observations)
    ]
    assert [found.role for found in find(log.seen)] == ["other"]


def test_equal_milliseconds_are_no_trouble() -> None:
    """A service that always takes exactly as long has no spread, and no warning of numpy's."""
    log = Log()
    log.days(9, lambda time: log.call(time, ms=25))
    assert find(log.seen) == ()


def test_calls_that_are_of_two_kinds_do_not_alarm_by_one_call() -> None:
    """Half take 10 ms, half take 1,000: one call more of the slow kind moves the day's median a hundredfold.

    The days before were all alike, so the day alone would alarm; the calls, ranked, are what they were.
    """
    log = Log()
    times: list[int] = []
    log.days(9, times.append, a_day=12)
    for place, time in enumerate(times):
        log.call(time, ms=1_000 if place % 2 or place == len(times) - 2 else 10)
    assert find(log.seen) == ()

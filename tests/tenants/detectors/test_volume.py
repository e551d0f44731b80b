"""Outbound bytes: bodies and request lines, against the same hours of days of that kind."""

from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS
from tenants.agents.meta_workflow.detectors.volume import find
from tenants.agents.meta_workflow.detectors.windows import is_weekend
from tests.tenants.detectors.rig import MONDAY, Log

LATE = MONDAY + 8 * DAY_MS


def sending(factor: float, *, days: int = 9, **more: str) -> Log:
    log = Log()

    def send(time: int) -> None:
        log.call(time, bytes_in=log.noisy(3_000 * (factor if time >= LATE else 1)), **more)

    log.days(days, send)
    return log


def test_ten_times_as_much_is_found() -> None:
    """How much, by how much more, and through which calls."""
    log = sending(10.0)
    (found,) = find(log.seen)
    assert (found.pattern, found.subject) == ("anomaly", "crash-reporting")
    assert 5 < found.effect.value < 14
    assert found.window.to_ms > LATE
    assert all(entry >= 2 * 96 * 7 for entry in found.entries)


def test_as_much_as_ever_is_no_finding() -> None:
    """Three weeks, weekends included."""
    assert find(sending(1.0, days=21).seen) == ()


def test_data_in_addresses_counts() -> None:
    """A role without bodies that writes two thousand characters into every address sends them out all the same."""
    log = Log()
    log.days(
        9,
        lambda time: log.call(time, target="GET /query?" + "x" * (30 if time < LATE else 4_000)),
        a_day=200,
    )
    assert [found.subject for found in find(log.seen)] == ["crash-reporting"]


def test_what_was_refused_did_not_leave() -> None:
    """A refused body stayed inside; denials are another detector's."""
    log = sending(1.0)
    for number in range(100):
        log.denial(LATE + number * 60_000, "request.action_not_granted", bytes_in=1_000_000)
    log.observations.sort(key=lambda one: one.time_ms)
    log.observations = [one._replace(seq=place) for place, one in enumerate(log.observations)]
    assert find(log.seen) == ()


def test_workdays_are_not_held_against_weekends() -> None:
    """After a weekend of little, Monday sends what Mondays send: with no workday known there is nothing to say."""
    saturday = MONDAY - 2 * DAY_MS
    log = Log()
    log.days(2, lambda time: log.call(time, bytes_in=500), begin=saturday)
    log.days(2, lambda time: log.call(time, bytes_in=50_000), begin=MONDAY)
    assert find(log.seen) == ()


def test_small_sums_are_no_matter() -> None:
    """From ten bytes to a thousand is a factor of a hundred, and nothing."""
    log = Log()
    log.days(9, lambda time: log.call(time, bytes_in=1 if time < LATE else 300), a_day=24)
    assert find(log.seen) == ()


def test_a_saturday_that_sends_like_a_workday_is_found() -> None:
    """Among all days it would be ordinary; weekends never did that."""
    log = Log()

    def send(time: int) -> None:
        usual = 300 if is_weekend(time) and time < MONDAY + 19 * DAY_MS else 9_000
        log.call(time, bytes_in=log.noisy(usual))

    log.days(20, send)
    (found,) = find(log.seen)
    assert found.window.to_ms == MONDAY + 20 * DAY_MS

"""Totals of a stretch of the log: every decision once, outcomes with their decisions, quantiles of real values."""

import itertools

from hypothesis import given, strategies as st

from audit.entry import MAX_INTEGER
from audit.log_service_totals import quantile, totals
from audit.query import Stored
from tests.audit.samples import NOW, decision, event, outcome

DAY_MS = 86_400_000


def test_decisions_count_by_day_role_and_route() -> None:
    """A denial, an allowed call with its outcome, another day, an event that counts nowhere."""
    asked = {"service": "telemetry", "route": "query"}
    entries = [
        decision(1, input=asked),
        outcome(1, ms=40, bytes_in=3, bytes_out=5),
        decision(2, input=asked, decision="deny"),
        event(3),
        decision(4, input=asked, time=NOW + DAY_MS),
    ]
    told = totals(itertools.starmap(Stored, enumerate(entries)))
    assert [(each["day"], each["allow"], each["deny"]) for each in told] == [
        ("2025-11-23", 1, 1),
        ("2025-11-24", 1, 0),
    ]
    assert told[0]["ms"] == {"p50": 40, "p95": 40, "p99": 40}
    assert (told[0]["outcomes"], told[0]["bytes_in"], told[0]["bytes_out"]) == (1, 3, 5)


def test_an_outcome_without_its_decision_and_a_wild_clock() -> None:
    """What began before the stretch counts nowhere; a time that no date names is the last one that does."""
    assert totals([Stored(0, outcome(9))]) == []
    (told,) = totals([Stored(0, decision(1, time=MAX_INTEGER))])
    assert told["day"] == "9999-12-31"


@given(st.lists(st.integers(0, 10_000), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_one_of_the_values(values: list[int], share: float) -> None:
    """At least the share does not exceed it, and fewer do not exceed any smaller value."""
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert sum(value <= found for value in ordered) >= share * len(ordered)
    assert sum(value < found for value in ordered) < share * len(ordered)

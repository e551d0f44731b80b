"""Odd orders: surprise against the role's own order, and nothing about routes that it never had."""

from collections.abc import Sequence

from tenants.agents.meta_workflow.detectors.sequences import find
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS, HOUR_MS
from tests.tenants.detectors.rig import MONDAY, Log

USUAL = ("list-series", "query", "query", "query", "query-body")
ODD = ("query-body", "list-series") * 6


def workflow(log: Log, time_ms: int, routes: Sequence[str], *, role: str = "telemetry-analyzer") -> None:
    name = f"wf-{role}-{time_ms}"
    for place, route in enumerate(routes):
        log.call(
            time_ms + place * 2_000, role, workflow=name, service="telemetry", route=route, data="telemetry"
        )


def ordinary(days: int = 8) -> Log:
    log = Log()

    def usual(time_ms: int) -> None:
        repeats = log.chance.randint(1, 5)
        workflow(log, time_ms, (USUAL[0], *["query"] * repeats, *["query-body"] * log.chance.randint(0, 1)))

    log.days(days, usual, a_day=24)
    return log


def test_an_odd_workflow_is_found_with_its_calls() -> None:
    """Back and forth between two routes whose order the role does not have: all its calls are the evidence."""
    log = ordinary()
    workflow(log, MONDAY + 8 * DAY_MS, ODD)
    (found,) = find(log.seen)
    assert (found.pattern, found.role) == ("anomaly", "telemetry-analyzer")
    assert found.subject in {"telemetry/list-series", "telemetry/query-body"}
    assert found.entries == tuple(one.seq for one in log.observations[-12:])
    assert found.effect.unit == "bits"
    assert found.effect.value > 12


def test_ordinary_workflows_are_not_odd() -> None:
    """Longer and shorter ones, for three weeks."""
    assert find(ordinary(21).seen) == ()


def test_a_short_odd_workflow_is_too_little() -> None:
    """Two calls in the wrong order happen."""
    log = ordinary()
    workflow(log, MONDAY + 8 * DAY_MS, ODD[:2])
    assert find(log.seen) == ()


def test_what_was_odd_once_is_no_habit() -> None:
    """The same odd workflow on the next day is found again: it did not teach the model."""
    log = ordinary()
    workflow(log, MONDAY + 8 * DAY_MS, ODD)
    workflow(log, MONDAY + 9 * DAY_MS + HOUR_MS, ODD)
    assert len(find(log.seen)) == 2


def test_routes_never_seen_are_not_judged_here() -> None:
    """A workflow of nothing but a new route has no order to be odd."""
    log = ordinary()
    workflow(log, MONDAY + 8 * DAY_MS, ["purge"] * 12)
    assert find(log.seen) == ()


def test_a_role_without_a_past_is_not_judged() -> None:
    """Nineteen sequences are too few, whatever comes next; so is one day."""
    log = Log()
    log.days(19, lambda time: workflow(log, time, USUAL), a_day=1)
    workflow(log, MONDAY + 19 * DAY_MS, ODD)
    assert find(log.seen) == ()
    hasty = Log()
    hasty.days(1, lambda time: workflow(hasty, time, USUAL), a_day=40)
    workflow(hasty, MONDAY + DAY_MS, ODD)
    assert find(hasty.seen) == ()


def test_a_workflow_is_cut_where_it_paused() -> None:
    """An hour without a call begins a new sequence, so that a long-lived workflow is judged by its parts."""
    log = ordinary()
    for part in range(6):  # two calls at a time
        for place, route in enumerate(ODD[:2]):
            log.call(
                MONDAY + 8 * DAY_MS + part * 2 * HOUR_MS + place,
                "telemetry-analyzer",
                workflow="wf-long",
                service="telemetry",
                route=route,
            )
    assert find(log.seen) == ()

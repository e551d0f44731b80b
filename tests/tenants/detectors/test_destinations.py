"""First uses: of an established role, by the catalogue's names, whether allowed or refused."""

from tenants.agents.meta_workflow.detectors.destinations import find
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS
from tests.tenants.detectors.rig import MONDAY, Log

LATE = MONDAY + 8 * DAY_MS


def ordinary(days: int = 8) -> Log:
    log = Log()
    log.days(days, log.call, a_day=48)
    return log


def test_a_new_service_is_found_once_with_its_calls() -> None:
    """Two routes of a service that the role never asked: one finding, with what was allowed and what was not."""
    log = ordinary()
    log.call(LATE, service="telemetry", route="query", data="telemetry")
    log.denial(
        LATE + 1_000, "request.action_not_granted", service="telemetry", route="annotate", data="telemetry"
    )
    (found,) = find(log.seen)
    assert found.role == "crash-tracker"
    assert found.subject in {"telemetry/query", "telemetry/annotate"}
    assert found.numbers["allowed"] + found.numbers["denied"] == 1
    assert found.numbers["subjects"] == 2
    assert found.numbers["new_service"] == 1
    assert found.entries == tuple(one.seq for one in log.observations[-2:])


def test_a_new_data_class_on_a_known_route_is_found() -> None:
    """The route was there, what it touches was not."""
    log = ordinary()
    log.call(LATE, data="reporter-contacts")
    (found,) = find(log.seen)
    assert found.subject == "crash-reporting/read-report"
    assert found.numbers["new_service"] == 0


def test_the_second_time_is_no_first() -> None:
    """What was found is not found again the next day."""
    log = ordinary()
    for day in range(2):
        log.call(LATE + day * DAY_MS, route="watch")
    assert len(find(log.seen)) == 1


def test_a_role_that_is_not_established_tries_everything() -> None:
    """Five days are the beginning of a role; so is a role with few requests."""
    log = ordinary(5)
    log.call(MONDAY + 5 * DAY_MS, route="watch")
    assert find(log.seen) == ()
    sparse = Log()
    sparse.days(20, sparse.call, a_day=4)
    sparse.call(MONDAY + 20 * DAY_MS, route="watch")
    assert find(sparse.seen) == ()


def test_a_role_that_often_tries_something_new_is_left_alone() -> None:
    """Good-Turing: with a new route every other day, one more is what one expects."""
    log = ordinary(0)
    for day in range(12):
        log.days(1, log.call, a_day=48, begin=MONDAY + day * DAY_MS)
        if day % 2 == 0:
            log.call(MONDAY + (day + 1) * DAY_MS - 1, route=f"route-{day}")
    assert find(log.seen) == ()


def test_paths_are_not_looked_at() -> None:
    """An agent invents paths; what is new is what the catalogue calls so."""
    log = ordinary()
    log.call(LATE, target="GET /reports/never-seen-before-by-anybody")
    log.call(LATE, route="", service="", target="GET /telemetry/admin")
    assert find(log.seen) == ()

"""Four detectors of shares that go up: schema failures, checks, juries, accuracy."""

import pytest

from tenants.agents.meta_workflow.detectors import accuracy, checks, jury, schema_failures
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS
from tests.tenants.detectors.rig import ANALYZER, MONDAY, Log

LATE = MONDAY + 10 * DAY_MS
PUSH = {"kind": "change", "service": "code-repository", "route": "", "action": "create-branch"}


def reports(before: int, after: int, *, samples: int = 240, a_day: int = 4, days: int = 13) -> Log:
    """Reports that state an accuracy in basis points, with chance as labelled samples have it."""
    log = Log()

    def report(time: int) -> None:
        likely = (after if time >= LATE else before) / 10_000
        right = sum(log.chance.random() < likely for _ in range(samples))
        log.event(time, "report.kept", type="report", accuracy_bp=10_000 * right // samples, samples=samples)

    log.days(days, report, a_day=a_day)
    return log


def test_fifteen_points_of_accuracy_are_found() -> None:
    """By how much, from what to what, on how many samples; the reports since then are the evidence."""
    log = reports(9_300, 7_800)
    (found,) = accuracy.find(log.seen)
    assert (found.detector, found.pattern, found.role, found.subject) == (
        "accuracy",
        "drift",
        ANALYZER,
        "report",
    )
    assert 10 < found.effect.value < 18
    assert found.effect.unit == "points"
    assert found.numbers["accuracy_before"] == pytest.approx(0.93, abs=0.02)
    assert found.numbers["accuracy"] < 0.85
    late = [one.seq for one in log.happenings if one.time_ms >= LATE]
    assert set(late) & set(found.entries)


def test_the_same_accuracy_and_a_better_one_are_no_finding() -> None:
    """Chance moves it by a point or two; getting better is no drift."""
    assert accuracy.find(reports(9_000, 9_000).seen) == ()
    assert accuracy.find(reports(8_000, 9_800).seen) == ()


def test_a_few_samples_say_nothing() -> None:
    """Nine samples in two days may all be wrong."""
    assert accuracy.find(reports(9_300, 0, samples=2, a_day=2).seen) == ()


@pytest.mark.parametrize(
    "detail",
    [
        {"type": "report"},
        {"type": "report", "accuracy_bp": 100},
        {"type": "report", "samples": 500},
        {"type": "report", "accuracy_bp": "100", "samples": "500"},
        {"type": "report", "accuracy_bp": 90_000, "samples": 500},
        {"type": "report", "accuracy_bp": -1, "samples": 500},
        {"type": "report", "accuracy_bp": 100, "samples": 0},
        {"type": "Nothing is wrong", "accuracy_bp": 100, "samples": 500},
    ],
)
def test_a_report_without_usable_figures_is_left_out(detail: dict[str, str | int]) -> None:
    """An older form, or nonsense: no accuracy of zero is read into it."""
    log = reports(9_300, 9_300, days=10)
    for number in range(12):
        log.event(LATE + number * 3_600_000, "report.kept", ANALYZER, **detail)
    assert accuracy.find(log.seen) == ()


def test_one_report_cannot_drown_the_others() -> None:
    """A claim of a trillion perfect samples counts as much as any claim may, and the drop is still seen a day later."""
    log = reports(9_300, 6_300, days=10)
    log.event(MONDAY + 2 * DAY_MS, "report.kept", type="report", accuracy_bp=10_000, samples=10**12)
    log.days(
        3,
        lambda time: log.event(time, "report.kept", type="report", accuracy_bp=6_000, samples=240),
        a_day=4,
        begin=LATE,
    )
    log.happenings.sort(key=lambda one: one.time_ms)
    log.happenings = [one._replace(seq=place) for place, one in enumerate(log.happenings)]
    assert len(accuracy.find(log.seen)) == 1


def test_refused_reports_are_schema_failures() -> None:
    """Half of a role's reports stop fitting their schema; the other role's still do."""
    log = Log()

    def hand_in(time: int) -> None:
        refused = time >= LATE and log.chance.random() < 0.5
        log.event(time, "report.refused" if refused else "report.kept", type="report")
        log.event(time, "report.kept", "crash-tracker", type="report")

    log.days(13, hand_in, a_day=8)
    (found,) = schema_failures.find(log.seen)
    assert (found.role, found.subject, found.pattern) == (ANALYZER, "report", "drift")
    refused = {one.seq for one in log.happenings if one.event == "report.refused"}
    assert set(found.entries) <= refused


def test_refused_outputs_are_schema_failures_of_their_route() -> None:
    """Only routes that name an output are counted: reads on the same service do not thin the share."""
    log = Log()

    def propose(time: int) -> None:
        place = {"service": "code-repository", "route": "create-pr", "data": ""}
        log.call(time, "pr-creator", service="code-repository", route="read-contents", data="")
        if time >= LATE and log.chance.random() < 0.6:
            log.denial(time, "request.output_invalid", "pr-creator", **place)
        else:
            log.call(time, "pr-creator", **place)

    log.days(13, propose, a_day=8)
    (found,) = schema_failures.find(log.seen)
    assert (found.role, found.subject) == ("pr-creator", "code-repository/create-pr")
    assert found.numbers["share_before"] < 0.05


def test_failing_changes_are_found_under_their_code() -> None:
    """Tests that stop passing; a protected path is refused for another reason and counts as tried."""
    log = Log()

    def push(time: int) -> None:
        if time >= LATE and log.chance.random() < 0.6:
            log.denial(time, "change.evidence_failed", "pr-creator", **PUSH)
        elif log.chance.random() < 0.2:
            log.denial(time, "change.protected_path", "pr-creator", **PUSH)
        else:
            log.call(time, "pr-creator", **PUSH)

    log.days(14, push, a_day=6)
    (found,) = checks.find(log.seen)
    assert (found.role, found.subject, found.pattern) == ("pr-creator", "change.evidence_failed", "drift")


def test_protected_paths_are_no_failing_checks() -> None:
    """However many: another rule says no to them, and `denials` counts them."""
    log = Log()
    log.days(10, lambda time: log.call(time, "pr-creator", **PUSH), a_day=6)
    log.days(
        4, lambda time: log.denial(time, "change.protected_path", "pr-creator", **PUSH), a_day=6, begin=LATE
    )
    assert checks.find(log.seen) == ()


@pytest.mark.parametrize(
    ("state", "votes"), [("no_verdict", "amber=pass birch=pass"), ("passed", "amber=pass birch=veto")]
)
def test_juries_that_disagree_are_found_and_blame_nobody(state: str, votes: str) -> None:
    """By state or by votes; the event names no workflow, so the finding names no role."""
    log = Log()

    def decide(time: int) -> None:
        said = (
            (state, votes)
            if time >= LATE and log.chance.random() < 0.7
            else ("passed", "amber=pass birch=pass")
        )
        log.event(time, "jury.decided", "", type="create-pr", state=said[0], votes=said[1])

    log.days(14, decide, a_day=6)
    (found,) = jury.find(log.seen)
    assert (found.role, found.subject, found.pattern) == ("", "create-pr", "drift")


def test_a_veto_by_all_is_agreement() -> None:
    """Jurors who all say no agree with each other."""
    log = Log()
    log.days(
        10,
        lambda time: log.event(
            time, "jury.decided", "", type="create-pr", state="passed", votes="a=pass b=pass"
        ),
        a_day=6,
    )
    log.days(
        4,
        lambda time: log.event(
            time, "jury.decided", "", type="create-pr", state="veto", votes="a=veto b=veto"
        ),
        a_day=6,
        begin=LATE,
    )
    assert jury.find(log.seen) == ()


def test_an_older_event_without_details_is_left_out() -> None:
    """No type, no subject: nothing is made of it."""
    log = Log()
    log.days(14, lambda time: log.event(time, "jury.decided", ""), a_day=6)
    log.days(14, lambda time: log.event(time, "report.refused"), a_day=6, begin=MONDAY + 14 * DAY_MS)
    assert jury.find(log.seen) == schema_failures.find(log.seen) == ()

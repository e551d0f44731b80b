"""Findings against labels: what counts as found, how soon, and what as a false alarm."""

from bench.detectors.labelled import GRADED, stories
from bench.detectors.measuring import Tally, compare
from bench.detectors.observing import history_of
from bench.detectors.report import alarms, document, faults, misses
from proof.histories.generate import generate
from proof.histories.model import DAY_MS, HOUR_MS, Fault, Story
from tenants.agents.meta_workflow.model import Effect, Finding, Window

BEGIN = 1_760_054_400_000
FAULT = Fault("slowdown", "crash-tracker", 3.0, BEGIN + 10 * DAY_MS, BEGIN + 12 * DAY_MS)
STORY = Story(1, BEGIN, 28, (FAULT,))


def finding(detector: str, role: str, day: float) -> Finding:
    window = Window(BEGIN + int(day * DAY_MS), BEGIN + int((day + 1) * DAY_MS))
    return Finding(
        detector=detector,
        pattern="degradation",
        role=role,
        subject="s/r",
        effect=Effect("ratio", 3.0, "ms"),
        confidence=0.99,
        window=window,
        baseline=Window(BEGIN, window.from_ms),
        entries=(1,),
        numbers={"first_seen_ms": float(window.to_ms)},
    )


def tally(*found: Finding) -> Tally:
    counted = Tally()
    compare(counted, STORY, found)
    return counted


def test_a_finding_of_the_right_kind_role_and_time_is_a_hit() -> None:
    """Its delay runs from the fault's begin to the end of the first window that alarmed."""
    counted = tally(finding("latency", "crash-tracker", 10.5))
    cell = counted.found["slowdown", 3.0]
    assert (cell.faults, cell.recall, cell.delays_h) == (1, 1.0, [36.0])
    assert counted.all_false_alarms == 0
    assert counted.precision("latency") == 1.0


def test_another_role_or_time_is_a_false_alarm() -> None:
    """And the fault stays unfound."""
    counted = tally(finding("latency", "pr-creator", 10.5), finding("latency", "crash-tracker", 20))
    assert counted.found["slowdown", 3.0].recall == 0.0
    assert counted.false_alarms("latency") == 2 / 16
    assert counted.precision("latency") == 0.0
    assert counted.crowded_weeks == 0


def test_another_detector_at_the_fault_is_neither() -> None:
    """One trouble may be seen by two: no hit for the label, and no false alarm either."""
    counted = tally(finding("volume", "crash-tracker", 10.5))
    assert counted.found["slowdown", 3.0].recall == 0.0
    assert counted.all_false_alarms == 0


def test_two_false_alarms_of_a_role_in_a_week_are_told() -> None:
    """The promise is for each role and week, so the weeks that break it are counted."""
    counted = tally(finding("latency", "juror", 1), finding("volume", "juror", 3))
    assert counted.crowded_weeks == 1


def test_each_size_of_each_fault_is_tried_as_often_and_no_role_twice() -> None:
    """Three times each, in as few histories as that takes, then two without a fault."""
    made = list(stories(3, 2))
    tried = [(fault.kind, fault.size) for story in made for fault in story.faults]
    assert sorted(set(tried)) == sorted((grade.kind, size) for grade in GRADED for size in grade.sizes)
    assert {tried.count(each) for each in tried} == {3}
    for story in made:
        assert len({fault.role for fault in story.faults}) == len(story.faults)
        assert all(story.begin_ms < fault.begin_ms < fault.end_ms <= story.end_ms for fault in story.faults)
    assert [bool(story.faults) for story in made[-3:]] == [True, False, False]


def test_a_missed_promise_is_told_in_a_line() -> None:
    """In the table, in a line of its own, and for programs."""
    counted = tally()
    assert any(line.startswith("MISS slowdown 3 x: recall 0.00") for line in misses(counted))
    assert faults(counted).row_count == sum(len(grade.sizes) for grade in GRADED)
    assert alarms(counted).row_count == len(GRADED) + 1
    (row,) = [one for one in document(counted)["faults"] if one["kind"] == "slowdown" and one["size"] == 3]
    assert (row["recall"], row["promised"]) == (0.0, 0.9)


def test_entries_become_observations_with_their_outcomes() -> None:
    """Every decision is there once, at its place in the log, and every event."""
    entries = generate(Story(2, BEGIN, 1))
    history = history_of(entries)
    assert len(history.observations) + len(history.happenings) == len(entries) - sum(
        one.outcome_seq is not None for one in history.observations
    )
    for one in history.observations:
        if one.outcome_seq is not None:
            assert one.outcome_seq > one.seq
            assert entries[one.outcome_seq].time - one.time_ms < HOUR_MS

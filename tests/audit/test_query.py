"""Filters over entries."""

from collections.abc import Iterator

import pytest

from audit.entry import Entry
from audit.query import Filter, Stored, Story, find_decision, select
from tests.audit.samples import decision, event, name, outcome, refusal

STORY: list[Entry] = [
    event(),
    decision(1),
    decision(2, workflow="wf-2", decision="deny"),
    outcome(1),
    event(2, workflow="wf-2", event="workflow.ended"),
    refusal(3),
    outcome(2, forwarded=False),
]
STORED = [Stored(seq, entry) for seq, entry in enumerate(STORY)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), [0, 1, 2, 3, 4, 5, 6]),
        (Filter(workflow="wf-7829"), [0, 1, 3, 5]),
        (Filter(workflow="wf-2"), [2, 4, 6]),
        (Filter(decision="deny"), [2, 5, 6]),
        (Filter(decision="allow", workflow="wf-2"), []),
        (Filter(kind="refusal"), [5]),
        (Filter(event="workflow.ended"), [4]),
        (Filter(id=name(1)), [1, 3]),
    ],
)
def test_select(wanted: Filter, expected: list[int]) -> None:
    """Each filter lets pass what it names; outcomes pass with their decision."""
    assert [stored.seq for stored in select(STORED, wanted)] == expected


def test_find_decision_stops_reading_when_it_has_all() -> None:
    """A decision comes with its outcome, and what follows is not read."""

    def entries() -> Iterator[Stored]:
        yield from STORED[:4]
        raise AssertionError("read on")

    assert find_decision(entries(), name(1)) == Story(STORED[1], STORED[3])


def test_find_decision_without_outcome_or_at_all() -> None:
    """An intent without outcome is found as such; an unknown id is None."""
    assert find_decision(STORED, name(3)) == Story(STORED[5], None)
    assert find_decision(STORED, name(9)) is None

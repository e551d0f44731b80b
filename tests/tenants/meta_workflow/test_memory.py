"""What was proposed before: known by its fingerprint, repeated on new evidence alone, never more than so many a day."""

from typing import Any

import pytest

from tenants.agents.meta_workflow.memory import (
    Earlier,
    branch_of,
    claimed,
    fingerprint,
    left_today,
    mark_of,
    news,
    told_in,
)
from tenants.agents.meta_workflow.model import Effect, Window
from tests.tenants.meta_workflow.findings import DAY_MS, NOW_MS, finding

FOUND = finding()


def _earlier(**changes: Any) -> Earlier:
    made: dict[str, Any] = {
        "number": 7,
        "workflow": "wf-a",
        "fingerprint": fingerprint(FOUND),
        "state": "open",
        "created_ms": NOW_MS - DAY_MS,
        "until_ms": NOW_MS,
        "effect": 15.0,
    }
    return Earlier(**{**made, **changes})


def test_the_same_problem_has_one_fingerprint() -> None:
    """Whenever it is seen and however large it is; another role, place or detector is another problem."""
    later = finding(window=Window(NOW_MS, NOW_MS + 1), effect=Effect("points", 30.0, "points"))
    assert fingerprint(later) == fingerprint(FOUND)
    others = [finding(role="juror"), finding(subject="telemetry/list"), finding("latency")]
    assert len({fingerprint(one) for one in (FOUND, *others)}) == 4


def test_a_branch_states_what_it_proposes() -> None:
    """Branch and text carry the fingerprint, and are read back."""
    branch = branch_of("wf-abc", FOUND)
    assert claimed(branch) == ("wf-abc", fingerprint(FOUND))
    assert told_in(f"text\n{mark_of(FOUND)}\nmore", fingerprint(FOUND)) == (NOW_MS, 15.0)
    assert told_in("text", fingerprint(FOUND)) == (0, 0.0)
    for other in ("main", "agent/wf-a/work", f"agent/WF-A/improve-{'a' * 16}", f"x/{branch}"):
        assert claimed(other) is None


@pytest.mark.parametrize("state", ["open", "merged", "refused"])
def test_nothing_is_said_twice_on_the_same_evidence(state: str) -> None:
    """Open, merged or refused: the same window makes no second proposal. (Seen failing with `later` always true.)"""
    earlier = _earlier(state=state)
    assert news(FOUND, [earlier]) == (False, earlier)


@pytest.mark.parametrize("state", ["merged", "refused"])
def test_a_refused_one_is_repeated_on_new_evidence_alone(state: str) -> None:
    """What was seen altogether later is news, and names the proposal that it follows."""
    earlier = _earlier(state=state, until_ms=NOW_MS - DAY_MS)
    assert news(FOUND, [earlier]) == (True, earlier)


def test_an_open_one_is_repeated_only_when_it_became_much_worse() -> None:
    """Later and as large: no. Later and half as large again: yes."""
    earlier = _earlier(until_ms=NOW_MS - DAY_MS)
    assert news(FOUND, [earlier])[0] is False
    assert news(finding(effect=Effect("points", 23.0, "points")), [earlier]) == (True, earlier)


@pytest.mark.parametrize("state", ["open", "refused"])
def test_a_text_that_says_nothing_counts_from_its_day(state: str) -> None:
    """A person may have edited it: what was seen before it was opened is not told again."""
    silent = _earlier(state=state, until_ms=0, effect=0.0)
    assert news(FOUND, [_earlier(state=state, until_ms=0, effect=0.0, created_ms=NOW_MS)])[0] is False
    assert news(finding(window=Window(NOW_MS, NOW_MS + 1)), [silent])[0] is True


def test_what_nobody_proposed_is_news() -> None:
    """Another fingerprint among the earlier ones does not matter."""
    assert news(FOUND, [_earlier(fingerprint="0" * 16)]) == (True, None)


def test_no_more_than_so_many_a_day() -> None:
    """Of the last 24 hours, whatever became of them."""
    today = [_earlier(created_ms=NOW_MS - hours * 3_600_000, state="refused") for hours in (1, 5, 23)]
    assert left_today([*today, _earlier(created_ms=NOW_MS - 2 * DAY_MS)], NOW_MS, 5) == 2
    assert left_today(today, NOW_MS, 2) == 0

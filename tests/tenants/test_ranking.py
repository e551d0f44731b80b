"""Ranking: the score, its parts, and the trend, on reports made by hand."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from tenants.agents.crash_tracker.model import Group, Report
from tenants.agents.crash_tracker.ranking import rank, trend, version_order

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def report(
    days_ago: float = 0, users: int = 1, version: str = "1.0", app: str = "app", events: int = 1
) -> Report:
    return Report("cr", NOW - timedelta(days=days_ago), app, version, "python", users, events, "")


def group(name: str, *reports: Report) -> Group:
    ordered = tuple(sorted(reports, key=lambda one: one.occurred_at))
    return Group(name, ordered[0].app, "python", "E", (), ordered)


def test_the_score_is_the_documented_formula() -> None:
    """The numbers of one group, put into the formula by hand, give its score."""
    first = group("first", report(0, users=10, version="2.0", events=20))
    second = group("second", report(3, users=3, version="1.0", events=5))
    best, other = rank([second, first])
    assert (best.group, other.group) == (first, second)
    assert best.score == 100.0
    expected = 0.45 * math.log(4) / math.log(11) + 0.25 * math.log(6) / math.log(21) + 0.20 * 0.5
    assert other.score == round(100 * expected, 1)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (report(1, users=9), report(1, users=8)),
        (report(1, events=9), report(1, events=8)),
        (report(1), report(2)),
        (report(1, version="2.0"), report(1, version="1.0")),
    ],
)
def test_each_part_moves_the_rank(better: Report, worse: Report) -> None:
    """More users, more events, a newer strike, and striking in the latest version alone each rank higher."""
    ranked = rank([group("a", worse), group("b", better), group("c", report(0, version="2.0"))])
    order = [one.group.fingerprint for one in ranked]
    assert order.index("b") < order.index("a")


def test_only_in_latest_is_a_matter_of_the_app() -> None:
    """The latest version is that of the same app, and a group that an older version has is not new in it."""
    ranked = {
        one.group.fingerprint: one
        for one in rank(
            [
                group("old-and-new", report(version="4.9.0"), report(version="4.10.2")),
                group("new", report(version="4.10.2")),
                group("other", report(version="7.0", app="other")),
            ]
        )
    }
    assert {name: one.only_in_latest for name, one in ranked.items()} == {
        "old-and-new": False,
        "new": True,
        "other": True,
    }
    assert ranked["old-and-new"].versions == ("4.9.0", "4.10.2")


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([report(1)], "new"),
        ([report(10), report(1, users=2), report(4)], "rising x2.0"),
        ([report(10), report(1), report(4, users=4)], "falling x0.2"),
        ([report(10), report(1, users=5), report(4, users=4)], "steady"),
        ([report(10), report(4)], "quiet"),
        ([report(10), report(1)], "back"),
    ],
)
def test_the_trend_compares_three_days_with_three_before(reports: list[Report], expected: str) -> None:
    """The users of the last three days against the three days before, in a word."""
    ordered = sorted(reports, key=lambda one: one.occurred_at)
    assert trend(ordered, NOW) == expected


def test_versions_are_ordered_by_number() -> None:
    """4.10 is later than 4.9, and a word in a version is no fault."""
    versions = ["4.10.2", "4.9.0", "4.9.0-rc", "4.10", "x"]
    assert sorted(versions, key=version_order) == ["x", "4.9.0-rc", "4.9.0", "4.10", "4.10.2"]


def test_no_reports_are_no_ranking() -> None:
    """Nothing to rank is an empty ranking."""
    assert rank([]) == []

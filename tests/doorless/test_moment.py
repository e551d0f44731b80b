"""Points in time as people write them."""

import pytest

from doorless.moment import milliseconds
from doorless.problem import ExitCode, Problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-02T00:00", 86_400_000),
        ("1970-01-01T00:00:01.5", 1_500),
        ("1970-01-01T01:00:00+01:00", 0),
        ("2026-01-31T08:00Z", 1_769_846_400_000),
    ],
)
def test_a_date_or_a_time_is_utc_unless_it_says_otherwise(text: str, expected: int) -> None:
    """The home's own time zone never counts: a log is read in many places."""
    assert milliseconds(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "31.1.2026", "2026-13-01", "1700000000000"])
def test_anything_else_is_told_with_an_example(text: str) -> None:
    """Exit code 2, and how to write it."""
    with pytest.raises(Problem) as problem:
        milliseconds(text)
    assert problem.value.code is ExitCode.USAGE
    assert "2026-01-31" in problem.value.remedy

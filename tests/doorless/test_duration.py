"""Spans of time as people write them."""

import pytest

from doorless.duration import seconds
from doorless.problem import Problem


@pytest.mark.parametrize(
    ("text", "span"), [("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600), ("7d", 604_800)]
)
def test_a_span_is_read(text: str, span: int) -> None:
    """A whole number, with s, m, h, d or nothing behind it."""
    assert seconds(text) == span


@pytest.mark.parametrize("text", ["", "0", "-1", "5x", "1.5m", "5m ", "\u0665", "9999999h"])
def test_anything_else_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Problem):
        seconds(text)

"""When tokens are renewed."""

import pytest

from workflows.model import Token
from workflows.renewal import outlives, seconds_until_renewal


def token(expires_at: int) -> Token:
    """A token that expires then."""
    return Token("crash-reporting", ("read:x",), "eyJ.canary", expires_at)


@pytest.mark.parametrize(("left", "wait"), [(300, 180.0), (10, 6.0), (1, 1.0), (-5, 1.0)])
def test_a_token_is_renewed_at_60_percent_of_its_life(left: int, wait: float) -> None:
    """Sixty percent of what is left, and never at once again and again."""
    assert seconds_until_renewal((token(1000 + left),), 1000.0) == wait


def test_the_token_that_expires_first_counts() -> None:
    """With several tokens all are renewed for the first."""
    assert seconds_until_renewal((token(1300), token(1100)), 1000.0) == 60.0


def test_tokens_that_last_to_the_end_are_not_renewed() -> None:
    """Also where there are none."""
    assert outlives((token(1300),), 1300)
    assert outlives((), 1300)
    assert not outlives((token(1300), token(1299)), 1300)


def test_a_token_prints_redacted() -> None:
    """Neither repr nor str shows it."""
    assert "canary" not in repr(token(1))
    assert "canary" not in str(token(1))

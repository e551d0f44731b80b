"""A figure that several tests look at."""

import pytest

from bench.figure import AtMost, Figure


@pytest.fixture
def slow() -> Figure:
    """A figure that misses its target."""
    return Figure("wait_ms", "waiting", "ms", (3.0, 1.0, 2.0), AtMost(1.5))

"""One running home for all faults that need no special one: they break it one after the other, and nobody mends it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stack import Home


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    """A home with the real OPA."""
    made = Home()
    yield made
    made.close()


@pytest.fixture
def own_home() -> Iterator[Home]:
    """A home for one test, after which the pauses between restarts are long."""
    made = Home()
    yield made
    made.close()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        yield Path(folder)

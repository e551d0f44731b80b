"""A folder whose path is short enough for a unix socket."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Not pytest's own folder: a socket path has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        yield Path(folder)

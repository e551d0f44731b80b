"""The pinned OPA, folders with short paths, and a tiny policy tree that a test may spoil."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from decision.opa_binary import find_opa

TINY_POLICIES = Path(__file__).with_name("tiny_policies")


@pytest.fixture(scope="session")
def opa() -> Path:
    """The OPA that this release is pinned to."""
    return find_opa(os.environ)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder whose path leaves room for a socket's name; pytest's own may be too long."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        yield Path(folder)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the tiny policies: one role that may read, one that may read and write."""
    return shutil.copytree(TINY_POLICIES, tmp_path / "policies")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Asynchronous tests run on plain asyncio; a module may choose more."""
    return ("asyncio", {"use_uvloop": False})

"""The pinned OPA, a copy of the shipped policies that a test may change, and a past that a test may fill."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from decision.opa_binary import find_opa
from tests.authoring.histories import SHIPPED, Past


@pytest.fixture(scope="session")
def opa() -> Path:
    """The OPA that this release is pinned to."""
    return find_opa(os.environ)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the shipped policies."""
    return shutil.copytree(SHIPPED, tmp_path / "policies")


@pytest.fixture
def past(tmp_path: Path, opa: Path) -> Past:
    """Nothing was decided yet."""
    folder = tmp_path / "past"
    folder.mkdir()
    return Past(folder, opa)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Asynchronous tests run on plain asyncio."""
    return ("asyncio", {"use_uvloop": False})

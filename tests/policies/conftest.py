"""The pinned OPA, for the tests of the shipped policies."""

import os
from pathlib import Path

import pytest

from decision.opa_binary import find_opa


@pytest.fixture(scope="session")
def opa() -> Path:
    """The OPA that this release is pinned to."""
    return find_opa(os.environ)

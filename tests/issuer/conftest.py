"""Fixtures: a home with every part running for a whole module, and empty homes for tests that break them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.issuer.home import Home


def _new_home() -> Iterator[Home]:
    # Not pytest's own folder: a socket path has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        home = Home(Path(folder))
        try:
            yield home
        finally:
            home.stop()


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """OPA with the tiny policy, the audit writer and the issuer, shared by the tests of a module."""
    for made in _new_home():
        made.start_audit()
        made.start_opa()
        made.start_issuer()
        yield made


@pytest.fixture
def own_home() -> Iterator[Home]:
    """The same for one test alone, which may break and restart its parts."""
    for made in _new_home():
        made.start_audit()
        made.start_opa()
        made.start_issuer()
        yield made


@pytest.fixture
def bare_home() -> Iterator[Home]:
    """A home in which nothing runs yet."""
    yield from _new_home()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        yield Path(folder)

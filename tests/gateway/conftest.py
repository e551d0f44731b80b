"""One real gateway for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.gateway.rig import Rig


@pytest.fixture(scope="module")
def module_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig that lives as long as the module's tests."""
    rig = Rig(tmp_path_factory.mktemp("home"))
    yield rig
    rig.close()


@pytest.fixture
def rig(module_rig: Rig) -> Rig:
    """The module's rig with a fresh upstream."""
    module_rig.upstream.reset()
    return module_rig


@pytest.fixture
def own_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig for one test, which may break it."""
    rig = Rig(tmp_path_factory.mktemp("home"))
    yield rig
    rig.close()

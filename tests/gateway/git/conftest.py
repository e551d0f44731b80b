"""One gateway with a forge behind it for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.gateway.git.rig import GitRig


@pytest.fixture(scope="module")
def git_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitRig]:
    """A rig that lives as long as the module's tests."""
    rig = GitRig(tmp_path_factory.mktemp("home"))
    yield rig
    rig.close()

"""One gateway with a service of each shape, for all tests of the clients."""

from collections.abc import Iterator

import pytest

from tests.clients.rig import CLIENTS, ClientRig, answer


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientRig]:
    """The rig; its upstreams answer everything that reaches them."""
    assert (CLIENTS / "stamp").is_file(), "the clients are not installed: python3 tools/setup.py test"
    rig = ClientRig(tmp_path_factory.mktemp("home"))
    rig.upstream.answer = answer
    yield rig
    rig.close()

"""How an engine goes out of service without losing what it is asked."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from decision.bundle import Bundle, build_bundle
from decision.opa_child import OpaChild
from decision.served import Served
from decision.socket_decider import SocketDecider
from tests.decision.fake_opa import FakeOpa, after, body, document
from tests.decision.questions import request, until, verdict

pytestmark = pytest.mark.anyio


class _Child:
    """A child of which only the end is seen."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    async def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def bundle(policies: Path, tmp_path: Path, opa: Path) -> Bundle:
    """The tiny policies, built."""
    return build_bundle(policies, tmp_path / "bundles", opa)


async def test_answers_under_way_are_awaited(
    bundle: Bundle, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that retires is stopped after the last answer, however long it lingers."""
    monkeypatch.setattr("decision.served._LINGER_S", 0.0)
    gate, child = asyncio.Event(), _Child()
    async with FakeOpa(short_folder / "opa.sock", after(gate, body({"result": document()}))) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=20.0)
        served = Served(bundle, cast("OpaChild", child), decider)
        asked = asyncio.create_task(served.policy.decider.ask(request()))
        await until(lambda: len(fake.questions) == 1)
        retiring = asyncio.create_task(served.retire())
        await asyncio.sleep(0.05)
        assert not child.stopped.is_set()
        gate.set()
        await retiring
        assert child.stopped.is_set()
        assert verdict(await asked) == "allow"


async def test_a_retirement_that_is_cut_short_still_stops(bundle: Bundle, short_folder: Path) -> None:
    """When everything ends, an engine that was still lingering ends too."""
    child = _Child()
    served = Served(bundle, cast("OpaChild", child), SocketDecider(short_folder / "opa.sock", "t"))
    retiring = asyncio.create_task(served.retire())
    await asyncio.sleep(0)
    retiring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await retiring
    assert child.stopped.is_set()
    assert verdict(await served.policy.decider.ask(request())) == "pdp_unavailable"

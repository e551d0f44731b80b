"""The measurement of replay: a past of real answers, replayed without a flip."""

import tempfile
from pathlib import Path

import pytest

from bench import replay
from bench.home import Ports, make_home
from bench.settings import QUICK

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Plain asyncio."""
    return "asyncio"


async def test_every_decision_is_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures are of as many decisions as were made; time, rate, both sides' processor time, memory."""
    monkeypatch.setattr(replay, "QUICK_DECISIONS", 300)
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:  # a home's path is short
        home = Path(folder) / "h"
        make_home(home, Ports(*range(20001, 20007)))
        section = await replay.measure_replay(home / "policies", tmp_path, QUICK)
    figures = {figure.key: figure.values[0] for figure in section.figures}
    assert figures.keys() == {
        "replay_s",
        "replay_decisions_s",
        "replay_opa_us",
        "replay_own_us",
        "replay_rss_mb",
    }
    assert all(value > 0 for value in figures.values())
    assert figures["replay_decisions_s"] == pytest.approx(300 / figures["replay_s"])

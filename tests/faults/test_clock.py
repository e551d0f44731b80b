"""Clocks an hour off under load, of one part or of all: nothing passes on a token that is not valid, and it heals.

The wall clock of each part is interposed from outside (`clock/sitecustomize.py`). The kernel's own clock cannot be
another for one process: a time namespace moves only the monotonic ones.
"""

import json
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.entry import DecisionEntry
from audit.reader import read_entries
from tests.doorless.conftest import ROOT
from tests.faults.load import account
from tests.faults.stack import HERE, PARTS, Home, tokens_of
from tests.gateway.rig import Rig, until

ENOUGH = 2_000
HOUR_S = 3600


class Clocks:
    """A home whose parts' clocks can be put forward and back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.set(0)
        path = os.pathsep.join((str(HERE / "clock"), str(ROOT)))
        self.home = Home({"FAULTS_CLOCK": str(folder), "PYTHONPATH": path})

    def set(self, seconds: int, *parts: str) -> None:
        """Put the clocks of these parts (of all, where none is named) off by so much."""
        for part in parts or PARTS:
            with (self._folder / part).open("r+b" if (self._folder / part).exists() else "wb") as file:
                file.write(struct.pack("<q", seconds))

    def off_by(self, decision: str) -> int:
        """How far the gateway's clock was off when it recorded this decision, in seconds."""
        entries = (stored.entry for stored in read_entries(self.home.log))
        [entry] = [each for each in entries if isinstance(each, DecisionEntry) and each.id == decision]
        return round(entry.time / 1000 - time.time())

    def opens(self) -> tuple[int, str]:
        """Status and text of the attempt to open a channel with fresh tokens."""
        workflow = self.home.start_workflow()
        asked = {"workflow": workflow["workflow"], "tokens": tokens_of(workflow)}
        with self.home.gateway_stream("POST", "/channels", asked) as response:
            first = next(response.iter_lines())
            return response.status_code, json.loads(first).get("message", "")


@pytest.fixture(scope="module")
def clocks() -> Iterator[Clocks]:
    """One home whose clocks the tests put back."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        made = Clocks(Path(folder))
        yield made
        made.home.close()


def test_clock_of_the_gateway_an_hour_ahead(clocks: Clocks) -> None:
    """All tokens have expired for it: 401, and none opens a channel; when the clock is right calls pass again.

    Guard removed (no look at the end of a caller's tokens): 24,883 calls passed.
    """
    with clocks.home.load() as load:
        clocks.set(HOUR_S, "gateway")
        load.refused("caller.token_expired", 1)
        ahead = time.monotonic()
        load.refused("caller.token_expired", 1_000)
        status, text = clocks.opens()
        now = time.monotonic()
        clocks.set(0)
        right = time.monotonic()
        load.recovered()
        print(f"outage {load.outage(right):.3f} s")
        load.total(ENOUGH)
    counted = account(load)
    print(counted)
    assert load.passed(ahead, now) == []
    assert set(counted.refused) == {"caller.token_expired"}
    assert (status, text.partition(":")[0]) == (403, "token.expired")


def test_clock_of_the_gateway_an_hour_behind(clocks: Clocks) -> None:
    """Tokens that it verified in time go on; none of now opens a channel, for it is from the future.

    Guard removed (no look at a token's times): the channel opened.
    """
    with clocks.home.load() as load:
        clocks.set(-HOUR_S, "gateway")
        began = len(load.seen)
        load.total(began + ENOUGH)
        status, text = clocks.opens()
        behind = load.seen[-1].decision
        clocks.set(0)
        load.recovered()
    counted = account(load)
    print(counted)
    assert clocks.off_by(behind) in range(-HOUR_S - 60, -HOUR_S + 2)
    assert counted.refused.total() == 0
    assert (status, text.partition(":")[0]) == (403, "token.not_yet_valid")
    assert clocks.opens()[0] == 200


@pytest.mark.parametrize(("off", "code"), [(HOUR_S, "token.not_yet_valid"), (-HOUR_S, "token.expired")])
def test_clock_of_the_issuer_an_hour_off(clocks: Clocks, off: int, code: str) -> None:
    """Its tokens are not of now for the gateway, either way; an hour ahead it also ends what runs.

    Guard removed (no look at a token's times): channels opened, both ways.
    """
    with clocks.home.load() as load:
        load.total(ENOUGH)
        clocks.set(off, "issuer")
        if off > 0:
            load.wait(lambda: not load.agent.socket.exists(), "the end of the workflow")
            closed = time.monotonic()
            load.wait(lambda: load.codes()["broken"], "the end of the connections")
            assert not [s for s in load.seen if s.status == 200 and s.sent > closed]
        status, text = clocks.opens()
        clocks.set(0)
    counted = account(load)
    print(counted)
    assert set(counted.refused) <= {"broken", "caller.workflow_ended"}
    assert (status, text.partition(":")[0]) == (403, code)
    assert clocks.opens()[0] == 200


@pytest.mark.parametrize("off", [HOUR_S, -HOUR_S])
def test_clock_of_the_machine_an_hour_off(clocks: Clocks, off: int) -> None:
    """All parts an hour off together: ahead, what runs has expired and ends; new workflows run, and so they do after.

    Guard removed (a workflow has no deadline at the issuer): an hour ahead it never ended, and was refused for good.
    """
    with clocks.home.load() as load:
        load.total(ENOUGH)
        clocks.set(off)
        if off > 0:
            load.wait(lambda: not load.agent.socket.exists(), "the end of the workflow")
        else:
            load.recovered()
        assert clocks.opens()[0] == 200
        clocks.set(0)
        until(lambda: clocks.opens()[0] == 200)
    counted = account(load)
    print(counted)
    assert set(counted.refused) <= {"broken", "caller.workflow_ended", "caller.token_expired"}


@pytest.fixture
def shifted(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A gateway between fakes, whose clock `_shift` puts back; the issuer's is the test's own and right."""
    folder = tmp_path_factory.mktemp("clock")
    for part in ("gateway", "audit"):
        (folder / part).write_bytes(struct.pack("<q", 0))
    monkeypatch.setenv("FAULTS_CLOCK", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(HERE / "clock"))
    rig = Rig(tmp_path_factory.mktemp("home"))
    yield rig
    rig.close()


def _shift(seconds: int) -> None:
    with (Path(os.environ["FAULTS_CLOCK"]) / "gateway").open("r+b") as file:
        file.write(struct.pack("<q", seconds))


def test_clock_put_back_prolongs_nothing(shifted: Rig) -> None:
    """Tokens of three seconds end after three seconds, for that is timed by another clock; and counted attempts count on.

    Guard removed (nothing at the end of the timer): the channel stayed open.
    """
    limited = shifted.agent("reader")
    assert [limited.get("/notes/notes").status for _ in range(6)] == [200] * 5 + [429]
    brief = shifted.agent(ttl_s=3)
    _shift(-HOUR_S)
    assert limited.get("/notes/notes").status == 429
    assert brief.get("/notes/notes").status == 200
    assert shifted.event("channel.closed", brief.workflow).detail["reason"] == "tokens_expired"
    assert not brief.socket.exists()

"""Looking behind a hold in a log that a real writer serves: far enough, and no further than it may cost."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.client import AuditClient
from audit.entry import DecisionEntry, EventEntry, decision_id
from audit.folder import create
from gateway.holding import account as hold_account
from gateway.holding.account import decisions_before, jury_before, proposed_before
from tests.gateway.rig import start, stop

DIGEST = "d" * 64
WANTED = decision_id(b"w" * 16)
MANY = 5_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The writer's socket; a decision and a jury's word lie behind thousands of other entries."""
    folder = tmp_path_factory.mktemp("log")
    create(folder / "log")
    socket = folder / "audit.sock"
    writer = start("audit", "--log", str(folder / "log"), "--socket", str(socket))
    asyncio.run(_fill(socket))
    yield socket
    stop(writer)


async def _fill(socket: Path) -> None:
    client = await AuditClient.connect(socket, deadline_s=10)
    try:
        await client.append(_decision(WANTED, {"says": "no"}))
        await client.append(_event("jury.decided", digest=DIGEST, state="passed"))
        for _ in range(0, MANY, 500):
            await asyncio.gather(*(client.append(_event("bench.entry", number=n)) for n in range(500)))
        # What agents write may look like what is searched for: it is found by what the entry is, not by its text.
        await client.append(_event("bench.entry", text=f'"id":"{WANTED}" "digest":"{DIGEST}"'))
        await client.append(_event("bench.entry", digest=DIGEST))
    finally:
        await client.close()


def _event(name: str, **detail: str | int) -> EventEntry:
    return EventEntry(time=time.time_ns() // 1_000_000, event=name, workflow="", detail=detail)


def _decision(name: str, asked: dict[str, str]) -> DecisionEntry:
    return DecisionEntry(
        time=time.time_ns() // 1_000_000,
        id=name,
        kind="change",
        workflow="wf-1",
        role="r",
        decision="allow",
        source="policy",
        reasons=[],
        obligations=[],
        input=asked,
        input_sha256="",
        revision="",
    )


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def test_what_lies_far_back_is_found(log: Path) -> None:
    """Over several blocks of the log, the newest first."""
    found = decisions_before(log, now(), [WANTED, decision_id(os.urandom(16))])
    assert list(found) == [WANTED]
    assert found[WANTED].input == {"says": "no"}
    event = jury_before(log, now(), DIGEST)
    assert event is not None
    assert event.detail["state"] == "passed"
    assert proposed_before(log, now(), "c" * 40) == ""


def test_nobody_makes_the_writer_read_its_whole_log(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit nothing is looked at, and what lies there is told as not found."""
    monkeypatch.setattr(hold_account, "MOST_RECORDS", MANY - 1_000)
    assert decisions_before(log, now(), [WANTED]) == {}
    assert jury_before(log, now(), DIGEST) is None


def test_what_came_after_the_hold_is_not_behind_it(log: Path) -> None:
    """A hold of an hour ago has nothing to do with what stands in the log since then."""
    assert decisions_before(log, now() - 3_600, [WANTED]) == {}

"""When the tree is sealed: soon after the first record, at once under load, and never after a failure."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
import uvloop

from audit import sealer as sealer_module
from audit.client import AuditClient
from audit.edge import Edge
from audit.entry import EventEntry
from audit.faults import LogBehind, LogFault, LogPoisoned
from audit.operations import rotate_key
from audit.publisher import Publisher
from audit.reader import read_entries
from audit.rotation import EVENT
from audit.sealed import read_checkpoint
from audit.sealer import Sealer
from audit.tree import Sealing, Tree
from audit.verify import verify
from tests.audit.conftest import StartWriter
from tests.audit.programs import DEADLINE_S
from tests.audit.samples import event, small_entries

ENTRIES = small_entries(400)


class FakePublisher:
    """Remembers what it was given; waits where told to, fails where told to."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.obsolete: list[Path] = []
        self.failure: Exception | None = None
        self.free = threading.Event()
        self.free.set()

    def publish(self, sealing: Sealing, obsolete: Sequence[Path]) -> None:
        """See `Publisher`."""
        self.free.wait(DEADLINE_S)
        if self.failure is not None:
            raise self.failure
        self.sizes.append(sealing.size)
        self.obsolete += obsolete


class Scene:
    """A sealer over a fake publisher, in a running loop."""

    def __init__(self) -> None:
        self.publisher = FakePublisher()
        self.failures: list[LogFault] = []
        self.sealer = Sealer(
            Tree(Edge(), []),
            cast("Publisher", self.publisher),
            lambda sealed: (Path(str(sealed)),),
            self.failures.append,
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for the condition."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)


def test_what_was_taken_is_sealed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round for what came before it began, the next for what came meanwhile; none where nothing waits."""
    monkeypatch.setattr(sealer_module, "SEAL_AFTER_S", 0.02)

    async def play() -> None:
        scene = Scene()
        scene.publisher.free.clear()
        scene.sealer.take(ENTRIES[:3])
        scene.sealer.take(ENTRIES[3:5])
        await scene.until(lambda: scene.sealer._running is not None)
        scene.sealer.take(ENTRIES[5:9])
        scene.publisher.free.set()
        await scene.until(lambda: scene.publisher.sizes == [5, 9])
        await asyncio.sleep(0.1)
        scene.sealer.finish()
        assert scene.publisher.sizes == [5, 9]
        assert scene.publisher.obsolete == [
            Path("0"),
            Path("5"),
        ]  # what was published before, and nothing newer

    uvloop.run(play())


def test_much_is_sealed_at_once_and_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the first bound a round begins without the timer; over the second, taking waits for the thread.

    Guard removed (no waiting): all 400 records waited in memory while the thread stood still.
    """
    monkeypatch.setattr(sealer_module, "SEAL_AT_RECORDS", 100)
    monkeypatch.setattr(sealer_module, "SEAL_AFTER_S", 1_000)

    async def play() -> None:
        scene = Scene()
        scene.publisher.free.clear()
        scene.sealer.take(ENTRIES[:150])
        assert scene.sealer._running is not None
        scene.sealer.take(ENTRIES[150:300])
        threading.Timer(0.1, scene.publisher.free.set).start()
        scene.sealer.take(ENTRIES[300:])  # 250 wait by now
        assert scene.publisher.sizes[0] == 150
        scene.sealer.finish()
        assert scene.publisher.sizes == [150, 400]

    uvloop.run(play())


@pytest.mark.parametrize(
    ("failure", "told"),
    [(OSError(28, "full"), LogPoisoned), (LogBehind("x"), LogBehind), (ValueError(), LogPoisoned)],
)
def test_the_first_failure_is_told_once_and_is_the_end(failure: Exception, told: type[LogFault]) -> None:
    """Whatever the thread raises reaches the loop once; nothing is published after it, and the end says it again."""

    async def play() -> None:
        scene = Scene()
        scene.publisher.failure = failure
        scene.sealer.take(ENTRIES[:3])
        scene.sealer._seal()
        await scene.until(lambda: bool(scene.failures))
        scene.publisher.failure = None
        scene.sealer.take(ENTRIES[3:])
        scene.sealer._seal()
        with pytest.raises(told):
            scene.sealer.finish()
        assert [type(each) for each in scene.failures] == [told]
        assert scene.publisher.sizes == []

    uvloop.run(play())


def test_a_checkpoint_comes_by_itself_and_at_the_stop(
    start_writer: StartWriter, log: Path, socket_path: Path
) -> None:
    """Each record gets its checkpoint without anything else happening; a clean stop leaves none without."""
    assert sealer_module.SEAL_AFTER_S <= 0.5  # so that writing it fits into the second that is promised
    writer = start_writer()

    async def play() -> None:
        client = await AuditClient.connect(socket_path, deadline_s=DEADLINE_S)
        for number in range(3):
            seq = (await client.append(event(number))).seq
            deadline = time.monotonic() + DEADLINE_S
            while read_checkpoint(log).size <= seq:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
        await client.append(event(9))
        await client.close()

    uvloop.run(play())
    writer.terminate()
    assert writer.wait() == (0, "")
    assert read_checkpoint(log).size == 4
    assert verify(log).records == 4


def test_a_rotation_through_the_socket(start_writer: StartWriter, log: Path, socket_path: Path) -> None:
    """The entry is durable when the call returns; one checkpoint carries both signatures, later ones the new."""
    writer = start_writer()
    vkeys = [rotate_key(socket_path)]

    async def append(number: int) -> None:
        client = await AuditClient.connect(socket_path, deadline_s=DEADLINE_S)
        await client.append(event(number))
        await client.close()

    uvloop.run(append(1))
    deadline = time.monotonic() + DEADLINE_S
    while read_checkpoint(log).size < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    uvloop.run(append(2))
    writer.kill()
    again = start_writer()
    vkeys.append(rotate_key(socket_path))
    again.terminate()
    assert again.wait() == (0, "")
    events = [stored.entry for stored in read_entries(log) if isinstance(stored.entry, EventEntry)]
    assert [entry.detail["vkey"] for entry in events if entry.event == EVENT] == vkeys
    report = verify(log)
    assert (report.records, report.rotations) == (4, (0, 3))

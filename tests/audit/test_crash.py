"""Crashes from outside: kills, a failing disk, a full disk. What was acknowledged is there, in order, once."""

import asyncio
import contextlib
import os
import random
import struct
import subprocess
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import uvloop

from audit.client import AuditClient, LogUnavailable
from audit.entry import EventEntry, encode
from audit.folder import Places, create
from audit.operations import rotate_key
from audit.reader import read_entries, read_records
from audit.receipt import Receipt
from audit.sealed import read_checkpoint
from audit.signed import checkpoint_of
from audit.verify import verify
from tests.audit.conftest import StartWriter
from tests.audit.process import WriterProcess
from tests.audit.programs import DEADLINE_S, ROOT
from tests.audit.samples import decision, event, name, outcome

ENOUGH = 2_000  # records in one load: a fault that was to come has not come
ENDLESS = 1_000_000
STRACE = ("strace", "-D", "-f", "-q", "-o", "/dev/null")


class Memory:
    """What the writer acknowledged and signed, over all its lives; and the check that all of it is in the log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._acknowledged: dict[int, str] = {}
        self._signed = 0

    def keep(self, receipt: Receipt) -> None:
        """A number is given out once."""
        assert receipt.seq not in self._acknowledged
        self._acknowledged[receipt.seq] = receipt.entry_id

    def check(self) -> int:
        """Everything acknowledged stands at its number, and the signed checkpoint did not shrink; how much that is."""
        records = dict(read_records(self._log))
        for seq, decided in self._acknowledged.items():
            assert f'"id":"{decided}"'.encode() in records[seq]
        note = (Places.beside(self._log).signed / "checkpoint").read_bytes()
        signed = checkpoint_of(note).size
        assert self._signed <= signed <= len(records)
        self._signed = signed
        return len(self._acknowledged)

    def verify(self) -> int:
        """And the whole log holds together from the entries up: no gap, nothing twice, every signature right."""
        verify(self._log)
        return self.check()


async def load(socket: Path, first: int, memory: Memory, *, appenders: int = 16, enough: int = ENOUGH) -> int:
    """Append decisions, many at once, until the log is unavailable; the next number that was not used."""
    client = await AuditClient.connect(socket)
    number = first

    async def append() -> None:
        nonlocal number
        while True:
            assert number < first + enough, "the log stayed available"
            number += 1
            try:
                memory.keep(await client.append(decision(number)))
            except LogUnavailable:
                return

    try:
        await asyncio.gather(*[append() for _ in range(appenders)])
    finally:
        await client.close()
    return number


def kill_at_random(log: Path, socket: Path, start_writer: StartWriter, kills: int, seed: int) -> None:
    """Kill at random times of starting, loading and sealing; after each, start another and verify everything."""
    memory, number = Memory(log), 0
    moments = random.Random(seed)

    async def kill_and_load(writer: WriterProcess, after: float) -> int:
        asyncio.get_running_loop().call_later(after, writer.kill)
        return await load(socket, number, memory, enough=ENDLESS)

    for turn in range(kills):
        if turn % 2:  # while it starts, or soon after
            writer = start_writer(wrapper=("timeout", "--signal=KILL", f"{moments.uniform(0.1, 0.6):.3f}"))
            if writer.ready:
                with contextlib.suppress(LogUnavailable):  # killed between its ready line and our call
                    number = uvloop.run(load(socket, number, memory, enough=ENDLESS))
            writer.wait()
        else:
            writer = start_writer()
            assert writer.ready, writer.wait()
            number = uvloop.run(kill_and_load(writer, moments.uniform(0.002, 1.2)))
        memory.check()
        again = start_writer()
        assert again.ready, again.wait()
        memory.verify()
        again.kill()
    assert memory.check() > kills


def test_kills_at_random_times(start_writer: StartWriter, log: Path, socket_path: Path) -> None:
    """Kills under load, each followed by a restart and a full verify: all that was acknowledged is there, once."""
    kill_at_random(log, socket_path, start_writer, 8, 7829)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(12))
def test_hundreds_of_kills(start_writer: StartWriter, log: Path, socket_path: Path, seed: int) -> None:
    """The same for twenty kills on each of twelve logs."""
    kill_at_random(log, socket_path, start_writer, 20, seed)


def inject(fault: str) -> tuple[str, ...]:
    """Run the writer with this fault of the system."""
    return (*STRACE, "-e", f"trace={fault.split(':', maxsplit=1)[0]}", "-e", f"inject={fault}")


@pytest.mark.parametrize(
    "fault", ["fdatasync:error=EIO:when=2", "pwrite64:error=ENOSPC:when=9", "fdatasync:signal=KILL:when=3"]
)
def test_a_fault_of_the_disk_ends_the_writer_and_loses_nothing(
    start_writer: StartWriter, log: Path, socket_path: Path, fault: str
) -> None:
    """Under load a write or sync fails or kills: nothing more is accepted, exit 74, and a new writer has it all."""
    memory = Memory(log)
    healthy = start_writer()
    number = uvloop.run(some(socket_path, 0, 3, memory))
    healthy.kill()
    ill = start_writer(wrapper=inject(fault))
    if ill.ready:
        number = uvloop.run(load(socket_path, number, memory, appenders=3))
    code, complaint = ill.wait()
    if "KILL" in fault:
        assert code == -9
    else:
        assert code == 74
        assert "poisoned" in complaint or "cannot make the" in complaint
    acknowledged = memory.check()
    assert start_writer().ready
    uvloop.run(some(socket_path, number, 3, memory))
    assert memory.verify() == acknowledged + 3


async def some(socket: Path, first: int, count: int, memory: Memory) -> int:
    """Append a few decisions one after the other; the last number used."""
    client = await AuditClient.connect(socket)
    try:
        for number in range(first + 1, first + count + 1):
            memory.keep(await client.append(decision(number)))
    finally:
        await client.close()
    return first + count


def test_after_a_failed_sync_everything_is_refused(start_writer: StartWriter, socket_path: Path) -> None:
    """A sync that fails once fails all who waited for it, and those after, though the disk is well again."""
    writer = start_writer(wrapper=inject("fdatasync:error=EIO:when=1"))

    async def scene() -> None:
        client = await AuditClient.connect(socket_path)
        results = await asyncio.gather(*[client.append(event(n)) for n in range(5)], return_exceptions=True)
        assert all(isinstance(result, LogUnavailable) for result in results)
        assert all("poisoned" in str(result) for result in results)
        with pytest.raises(LogUnavailable):
            await client.append(event(9))
        await client.close()

    uvloop.run(scene())
    assert writer.wait()[0] == 74


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A folder that takes 600 kB, and how to run the writer on it: a small disk if we may mount, else a limit."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        yield folder, ()
        subprocess.run(["umount", str(folder)], check=True)
    else:
        yield folder, ("prlimit", "--fsize=200000")


def test_a_full_disk(
    full_disk: tuple[Path, tuple[str, ...]], start_writer: StartWriter, socket_path: Path
) -> None:
    """A write that fits in part poisons; what was acknowledged before stays, and nothing starts until there is room."""
    folder, wrapper = full_disk
    create(folder / "log")
    memory = Memory(folder / "log")
    (folder / "ballast").write_bytes(bytes(400_000))
    writer = start_writer(folder / "log", wrapper=wrapper)
    number = uvloop.run(load(socket_path, 0, memory))
    code, complaint = writer.wait()
    assert code == 74
    assert "No space" in complaint or "File too large" in complaint
    assert memory.check() > 100
    (folder / "ballast").unlink()
    assert start_writer(folder / "log").ready
    uvloop.run(some(socket_path, number, 1, memory))
    memory.verify()


def test_a_clock_that_is_set_back(
    start_writer: StartWriter, log: Path, socket_path: Path, tmp_path: Path
) -> None:
    """The wall clock falls back by a year while records come: appending and sealing go on, and all of it verifies."""
    clock = tmp_path / "audit"
    clock.write_bytes(bytes(8))
    paths = os.pathsep.join(map(str, (ROOT / "tests" / "faults" / "clock", ROOT)))
    memory = Memory(log)
    writer = start_writer(wrapper=("env", f"FAULTS_CLOCK={tmp_path}", f"PYTHONPATH={paths}"))
    uvloop.run(some(socket_path, 0, 3, memory))
    rotate_key(socket_path)
    clock.write_bytes(struct.pack("<q", -365 * 24 * 3600))
    uvloop.run(some(socket_path, 3, 3, memory))
    deadline = time.monotonic() + DEADLINE_S
    while read_checkpoint(log).size < 7:
        assert time.monotonic() < deadline, "nothing was sealed any more"
        time.sleep(0.01)
    rotate_again(socket_path, deadline)
    writer.terminate()
    assert writer.wait()[0] == 0
    assert memory.verify() == 6
    times = [entry.time for _, entry in read_entries(log) if isinstance(entry, EventEntry)]
    assert times[1] < times[0] - 300 * 24 * 3600 * 1000  # the clock of the rotations


def rotate_again(socket: Path, deadline: float) -> None:
    """Rotate the key as soon as the rotation before is over."""
    while time.monotonic() < deadline:
        with contextlib.suppress(LogUnavailable):  # one is under way
            rotate_key(socket)
            return
        time.sleep(0.01)
    pytest.fail("a rotation never ended")


def test_a_partial_write_is_cut_and_kept(start_writer: StartWriter, log: Path, socket_path: Path) -> None:
    """A batch of which the disk took only the beginning is not in the log, and its bytes are set aside."""
    memory = Memory(log)
    limit = 32 + 3 * (24 + len(encode(decision(1)))) + 10
    writer = start_writer(wrapper=("prlimit", f"--fsize={limit}"))
    number = uvloop.run(load(socket_path, 0, memory, appenders=1))
    assert writer.wait()[0] == 74
    assert memory.check() == 3
    again = start_writer()
    assert "3 records" in again.ready
    assert "torn tail" in again.ready
    assert len((log / "torn-3").read_bytes()) == 10
    assert uvloop.run(some(socket_path, number, 1, memory))
    assert memory.check() == 4


def test_an_intent_without_outcome_shows(start_writer: StartWriter, log: Path, socket_path: Path) -> None:
    """A kill between intent and outcome leaves an intent without outcome, and that is how it is reported."""
    writer = start_writer()

    async def scene() -> None:
        client = await AuditClient.connect(socket_path)
        await client.append(decision(1))
        await client.append(decision(2))
        await client.append(outcome(1))
        writer.kill()
        await client.close()

    uvloop.run(scene())
    start_writer()
    assert verify(log).open_intents == 1
    assert name(2) in str(list(read_records(log))[1])


def test_a_read_that_fails_is_refused_and_poisons_nothing(
    start_writer: StartWriter, socket_path: Path
) -> None:
    """A disk that cannot be read for a moment costs that one answer; appending goes on."""
    writer = start_writer()
    uvloop.run(some(socket_path, 0, 1, Memory(socket_path)))
    assert len(list(read_records(socket_path))) == 1
    writer.terminate()
    assert writer.wait()[0] == 0
    # start-up reads the journal a few times; after that every read fails
    assert start_writer(wrapper=inject("pread64:error=EIO:when=12+")).ready
    with pytest.raises(LogUnavailable, match="cannot be read"):
        list(chain.from_iterable(read_records(socket_path) for _ in range(20)))
    uvloop.run(some(socket_path, 1, 1, Memory(socket_path)))

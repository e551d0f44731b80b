"""Every call with which a small run touches the disk fails once and kills once; afterwards all that was said holds.

The run is recorded first, so that the sweep knows its calls. strace counts them for each thread by itself; which of the
threads that sync takes which file is theirs to settle, so the sweep covers turns, not files.
"""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import uvloop

from audit.client import AuditClient, LogUnavailable
from audit.disagreement import LogDisagrees
from audit.entry import encode
from audit.faults import LogFault
from audit.folder import Places, create
from audit.operations import rotate_key
from audit.writer import Writer
from tests.audit.conftest import StartWriter
from tests.audit.programs import DEADLINE_S
from tests.audit.samples import decision, event
from tests.audit.test_crash import Memory

CALLS = ("openat", "pwrite64", "fsync", "fdatasync", "rename", "mkdir", "unlink", "rmdir", "ftruncate")
SAMPLE = 14  # of the sweep's runs, in every run of the suite
SEALED, UNSEALED = 250, 20  # of the log that each run begins with: a bundle fills, and its forerunner goes
BIG = 50_000  # bytes of a record: many of them begin a new segment
_ENDED = re.compile(r"\+\+\+ exited with 0 \+\+\+\n\Z")
_LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)")


class Fault(NamedTuple):
    """What happens to the call at its turn: an error's name, or KILL."""

    call: str
    turn: int
    what: str

    @property
    def flag(self) -> str:
        """For strace."""
        how = "signal" if self.what == "KILL" else "error"
        return f"inject={self.call}:{how}={self.what}:when={self.turn}"


class Run:
    """One small run on a copy of the same log: start, append, rotate the key, append, stop."""

    def __init__(self, template: Path, folder: Path, start_writer: StartWriter, socket: Path) -> None:
        self.folder = folder
        shutil.copytree(template, folder)
        self.log = folder / "log"
        self._start = start_writer
        self._socket = socket
        self.memory = Memory(self.log)

    def play(self, *wrapper: str) -> tuple[int, str]:
        """The run, as far as it comes; exit code and what was said."""
        writer = self._start(self.log, wrapper=wrapper)
        if writer.ready:
            try:
                uvloop.run(self._use())
            except LogUnavailable:
                pass
            else:
                writer.terminate()
        return writer.wait()

    def check(self) -> None:
        """A new writer starts on what was left, has everything, and goes on; the whole verifies."""
        self.memory.check()
        writer = self._start(self.log)
        assert writer.ready, writer.wait()
        uvloop.run(self._append(9_000, 2))
        writer.terminate()
        assert writer.wait()[0] == 0
        self.memory.verify()

    async def _use(self) -> None:
        await self._append(1_000, 3)
        rotate_key(self._socket)
        await self._append(2_000, 3)

    async def _append(self, first: int, count: int) -> None:
        client = await AuditClient.connect(self._socket, deadline_s=DEADLINE_S)
        try:
            for number in range(first, first + count):
                self.memory.keep(await client.append(decision(number)))
        finally:
            await client.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that a killed writer left: sealed entries, unsealed ones, and a last segment that is full."""
    folder = tmp_path_factory.mktemp("template") / "home"
    folder.mkdir()
    places = create(Places.beside(folder / "log"))
    with Writer(places) as writer:
        writer.append([encode(event(number)) for number in range(SEALED)])
    with Writer(places) as writer:
        writer.append([encode(event(number)) for number in range(SEALED, SEALED + UNSEALED)])
        big = [encode(event(number, detail={"x": "x" * BIG})) for number in range(170)]
        writer.append(big)
    return folder


@pytest.fixture
def runs(template: Path, memory_folder: Path, start_writer: StartWriter, socket_path: Path) -> Iterator[Run]:
    """Runs, each on a log of its own."""

    def made() -> Iterator[Run]:
        number = 0
        while True:
            folder = memory_folder / f"run-{number}"
            yield Run(template, folder, start_writer, socket_path)
            shutil.rmtree(folder)
            number += 1

    return made()


def recorded(run: Run) -> list[tuple[str, int]]:
    """The calls that touch the log, its key or its store, each with its turn in its thread."""
    trace = run.folder / "trace"
    argv = ("strace", "-D", "-f", "-q", "-y", "-o", str(trace), "-e", f"trace={','.join(CALLS)}")
    assert run.play(*argv) == (0, "")
    deadline = time.monotonic() + DEADLINE_S
    while not _ENDED.search(trace.read_text()):  # strace is no child of ours, and writes its last lines late
        assert time.monotonic() < deadline, "the trace has no end"
        time.sleep(0.01)
    turns: dict[tuple[str, str], int] = {}
    touching: set[tuple[str, int]] = set()
    for line in trace.read_text().splitlines():
        found = _LINE.match(line)
        if found is None:
            continue  # the second half of a call that was cut in two
        key = found["thread"], found["call"]
        turns[key] = turns.get(key, 0) + 1
        if str(run.log) in found["rest"]:
            touching.add((found["call"], turns[key]))
    return sorted(touching)


def faults(calls: list[tuple[str, int]]) -> list[Fault]:
    """What is done to each of them."""
    return [
        Fault(call, turn, what)
        for call, turn in calls
        for what in (
            ("EIO", "ENOSPC", "KILL") if call in {"openat", "pwrite64", "fsync"} else ("EIO", "KILL")
        )
    ]


def sweep(runs: Iterator[Run], chosen: list[Fault]) -> None:
    """Play a run for each fault, and check what it left; all that went wrong is told at the end."""
    wrong: list[str] = []
    for fault in chosen:
        run = next(runs)
        strace = ("strace", "-D", "-f", "-q", "-o", "/dev/null")
        code, said = run.play(*strace, "-e", f"trace={fault.call}", "-e", fault.flag)
        try:
            assert code in ({0, 65, 66, 74} if fault.what != "KILL" else {0, -9})
            assert code <= 0 or said.startswith("audit: ")
            run.check()
        except (AssertionError, LogDisagrees, LogFault, LogUnavailable) as error:
            wrong.append(f"{fault}: exit {code}, {said.strip()[-200:]}: {error!r}")
    assert not wrong, "\n".join(wrong)


def test_faults_at_a_sample_of_calls(runs: Iterator[Run]) -> None:
    """Some faults of the sweep, spread over all of it."""
    every = faults(recorded(next(runs)))
    assert len(every) > 100
    sweep(runs, every[3 :: len(every) // SAMPLE])


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_faults_at_every_call(runs: Iterator[Run]) -> None:
    """The whole sweep."""
    every = faults(recorded(next(runs)))
    sweep(runs, every)
    print(f"{len(every)} runs")

"""The index of a log: what it finds, that it fits one history only, and that nothing is lost when it breaks."""

import fcntl
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from audit import index as index_module
from audit.entry import Entry, encode
from audit.index import IndexDamaged, LogIndex
from audit.merkle import Frontier, leaf_hash
from audit.query import Filter, Page
from tests.audit.programs import ROOT
from tests.audit.samples import NOW, decision, event, name, outcome

ENTRIES: tuple[Entry, ...] = (
    event(0),
    decision(1),
    decision(2, workflow="wf-2", decision="deny", role="telemetry-analyzer"),
    outcome(1),
    event(3, workflow="wf-2", detail={"role": "telemetry-analyzer", "task": "\x1b[31m"}),
    decision(4, workflow="wf-2", decision="deny"),
    outcome(2, forwarded=False),
)


class KnownHistory:
    """A history in memory, with real roots."""

    def __init__(self, entries: Sequence[Entry] = ENTRIES, origin: str = "example.com/log") -> None:
        self.origin = origin
        self.encoded = [encode(entry) for entry in entries]
        self.asked: list[int] = []

    @property
    def size(self) -> int:
        return len(self.encoded)

    def root_at(self, size: int) -> bytes | None:
        frontier = Frontier()
        for encoded in self.encoded[:size]:
            frontier.append(leaf_hash(encoded))
        return frontier.root()

    def records(self, first: int) -> Iterator[tuple[int, bytes]]:
        self.asked.append(first)
        return iter(list(enumerate(self.encoded))[first:])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "index" / "log.sqlite"


def test_it_finds_a_decision_with_its_outcome_and_a_workflow_with_all_of_it(file: Path) -> None:
    """Numbers come in the order of the log, outcomes with their decisions."""
    with LogIndex(file) as index:
        assert index.catch_up(KnownHistory()) == 7
        assert index.of_decision(name(1)) == [1, 3]
        assert index.of_decision(name(4)) == [5]
        assert index.of_decision(name(9)) == []
        assert index.of_workflow("wf-2") == [2, 4, 5, 6]
        assert index.of_workflow("wf-none") == []


@pytest.mark.parametrize(
    ("wanted", "lines", "expected"),
    [
        (Filter(decision="deny"), 9, [2, 5, 6]),
        (Filter(decision="deny"), 1, [5]),
        (Filter(role="telemetry-analyzer"), 9, [2, 4, 6]),
        (Filter(role="crash-tracker", decision="deny"), 9, [5]),
        (Filter(workflow="wf-7829"), 9, [0, 1, 3]),
        (Filter(), 2, [4, 5]),
    ],
)
def test_it_finds_the_last_lines_that_pass_a_filter(
    file: Path, wanted: Filter, lines: int, expected: list[int]
) -> None:
    """A line is a decision or an event; outcomes come along and are not counted."""
    with LogIndex(file) as index:
        index.catch_up(KnownHistory())
        assert index.last(wanted, lines) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Page(), [0, 1, 2, 3, 4, 5, 6]),
        (Page(first=2, limit=3), [2, 3, 4]),
        (Page(workflow="wf-2"), [2, 4, 5, 6]),
        (Page(role="crash-tracker"), [1, 3, 5]),
        (Page(role="crash-tracker", workflow="wf-2"), [5]),
        (Page(from_ms=NOW + 1, to_ms=NOW + 2), [1, 3]),
        (Page(role="nobody"), []),
    ],
)
def test_a_page_is_a_stretch_of_the_log(file: Path, asked: Page, expected: list[int]) -> None:
    """In its order; an outcome belongs to the workflow and role of its decision; `count` knows of no limit."""
    with LogIndex(file) as index:
        index.catch_up(KnownHistory())
        assert index.page(asked) == expected
        assert index.count(Page(first=2, limit=1)) == 5


def test_it_catches_up_from_where_it_was(file: Path) -> None:
    """What it knows is not read again; entries that are not sealed yet are left out."""
    history = KnownHistory(ENTRIES[:4])
    with LogIndex(file) as index:
        index.catch_up(history)
    grown = KnownHistory()
    with LogIndex(file) as index:
        assert index.catch_up(grown) == 7
        assert grown.asked == [4]
        assert index.of_workflow("wf-2") == [2, 4, 5, 6]


@pytest.mark.parametrize(
    "other",
    [
        KnownHistory((event(9), *ENTRIES[1:])),
        KnownHistory(ENTRIES[:3]),
        KnownHistory(ENTRIES, origin="example.com/other"),
    ],
    ids=["rewritten", "shorter", "another log"],
)
def test_another_history_is_indexed_anew(file: Path, other: KnownHistory) -> None:
    """A history whose root or name does not fit: nothing of the old index stays. (Without the root: seq 0 stays.)"""
    with LogIndex(file) as index:
        index.catch_up(KnownHistory())
    with LogIndex(file) as index:
        assert index.catch_up(other) == other.size
        assert other.asked == [0]
        assert len(index.last(Filter(), 9)) == other.size
        assert bool(index.of_decision(name(2))) == (other.size > 2)


@pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 5000])
def test_a_damaged_file_is_made_anew(file: Path, damage: bytes) -> None:
    """Whatever stands in the file: catching up mends it."""
    with LogIndex(file) as index:
        index.catch_up(KnownHistory())
    file.write_bytes(damage)
    with LogIndex(file) as index:
        assert index.catch_up(KnownHistory()) == 7
        assert index.of_decision(name(1)) == [1, 3]


def test_damage_in_the_middle_is_told(file: Path) -> None:
    """Pages that do not read raise the one error that `start_over` mends."""
    many = KnownHistory([decision(number) for number in range(2_000)])

    def find_all(index: LogIndex) -> int:
        return sum(len(index.of_decision(name(number))) for number in range(2_000))

    with LogIndex(file) as index:
        index.catch_up(many)
    half = file.stat().st_size // 2
    with file.open("r+b") as raw:
        raw.seek(half)
        raw.write(b"\xff" * half)
    with LogIndex(file) as index:
        assert index.catch_up(many) == 2_000, "what it is bound to still reads"
        with pytest.raises(IndexDamaged):
            find_all(index)
        index.start_over()
        assert index.catch_up(many) == 2_000
        assert find_all(index) == 2_000


def test_a_crash_while_it_is_built_loses_one_batch(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was committed stays, and the next start goes on there."""
    monkeypatch.setattr(index_module, "ROWS_AT_ONCE", 3)

    class Cut(KnownHistory):
        def records(self, first: int) -> Iterator[tuple[int, bytes]]:
            yield from list(enumerate(self.encoded))[first:5]
            raise OSError("the reader broke off")

    with LogIndex(file) as index, pytest.raises(OSError, match="broke off"):
        index.catch_up(Cut())
    history = KnownHistory()
    heard: list[int] = []
    with LogIndex(file) as index:
        index.catch_up(history, heard.append)
        assert index.of_workflow("wf-2") == [2, 4, 5, 6]
    assert history.asked == [3]
    assert heard == [6, 7]


def test_one_process_at_a_time(file: Path) -> None:
    """A second one waits until the first lets go; a killed one holds up nobody."""
    script = f"""
import signal
from pathlib import Path
from audit.index import LogIndex
LogIndex(Path({str(file)!r}))
print("open", flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with file.with_suffix(".lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        holder.send_signal(signal.SIGKILL)
    with LogIndex(file) as index:
        assert index.catch_up(KnownHistory()) == 7


def test_a_pruned_log_is_indexed_from_where_it_begins(file: Path) -> None:
    """Numbers stay the log's own."""

    class Pruned(KnownHistory):
        def records(self, first: int) -> Iterator[tuple[int, bytes]]:
            return super().records(max(first, 2))

    with LogIndex(file) as index:
        assert index.catch_up(Pruned()) == 7
        assert index.last(Filter(), 9) == [2, 4, 5, 6]

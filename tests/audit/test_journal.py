"""The open journal: batches in, records out, poison."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from audit import journal as journal_module
from audit.faults import DamagedJournal, LogMissing, LogPoisoned
from audit.folder import read_mark
from audit.journal import Journal
from audit.segments import create_segment, segments_of
from tests.audit.samples import make_log, small_entries


@given(st.lists(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=90), max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip_through_the_disk(tmp_path: Path, batches: list[list[bytes]]) -> None:
    """Whatever was appended, in whatever batches, reads back in order, before and after it was opened again."""
    folder = tmp_path / f"log-{len(list(tmp_path.iterdir()))}"
    make_log(folder, batches)
    flat = [payload for batch in batches for payload in batch]
    journal = Journal.open_recovered(folder)
    assert journal.size == len(flat)
    assert journal.append([b"last"]) == len(flat)
    flat.append(b"last")
    read: list[tuple[int, bytes]] = []
    while part := journal.read(len(read), 7, 1 << 20):
        read += part
    assert read == list(enumerate(flat))
    journal.close()


def test_reading_starts_anywhere_and_keeps_to_its_limits(tmp_path: Path) -> None:
    """Any first record, at most as many and as much as asked, but at least one; nothing after the end."""
    records = small_entries(200)
    journal = Journal.open_recovered(make_log(tmp_path / "log", [records[:150], records[150:]]))
    for first in (0, 1, 63, 64, 65, 127, 128, 199):
        assert journal.read(first, 3, 1 << 20) == list(enumerate(records))[first : first + 3]
    assert journal.read(200, 3, 1 << 20) == []
    assert journal.read(2**63, 3, 1 << 20) == []
    assert journal.read(5, 0, 1 << 20) == []
    assert journal.read(5, 10, 1) == [(5, records[5])]
    journal.close()


def test_the_first_failure_is_the_end(log: Path) -> None:
    """After a failed write nothing is accepted any more, though the disk would take it again."""
    journal = Journal.open_recovered(log)
    segment = journal._segments[-1]
    good, segment.descriptor = segment.descriptor, os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(LogPoisoned):
        journal.append([b"one"])
    os.close(segment.descriptor)
    segment.descriptor = good
    with pytest.raises(LogPoisoned):
        journal.append([b"two"])
    assert journal.size == 0
    journal.close()
    again = Journal.open_recovered(log)
    assert again.size == 0
    again.close()


def test_opening_creates_nothing(tmp_path: Path) -> None:
    """A folder without a log, or no folder, is an error that names the remedy; nothing appears."""
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(LogMissing, match="doorless init"):
            Journal.open_recovered(folder)
    assert list(tmp_path.iterdir()) == []


def test_the_mark_moves_with_each_batch(log: Path) -> None:
    """As soon as a batch may be acknowledged, the mark says so: a kill right after leaves no doubt about it."""
    journal = Journal.open_recovered(log)
    for count in (1, 2, 3):
        journal.append([b"one"])
        assert read_mark(log) == count
    journal.close()


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment is full after a few records."""
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 700)


@pytest.mark.usefixtures("small_segments")
def test_segments_read_as_one_and_go_when_sealed(log: Path) -> None:
    """Over many segments: numbers go on, every record is read from any place, sealed segments are let go in order."""
    records = small_entries(60)
    journal = Journal.open_recovered(log)
    for number, record in enumerate(records):
        assert journal.append([record]) == number
    firsts = [segment.first for segment in segments_of(log)]
    assert len(firsts) > 5
    for first in range(60):
        found = journal.read(first, 60, 1 << 20)
        assert found[0] == (first, records[first])
        assert found == list(enumerate(records))[first : first + len(found)]
    assert list(journal.payloads(17)) == records[17:]
    assert journal.let_go(firsts[3] - 1) == tuple(segment.path for segment in segments_of(log)[:2])
    assert journal.first == firsts[2]
    assert journal.read(0, 1, 1) == []
    assert len(journal.let_go(60)) == len(firsts) - 3
    assert journal.first == firsts[-1]  # the last one stays, sealed or not
    assert journal.let_go(60) == ()
    journal.close()


@pytest.mark.usefixtures("small_segments")
def test_a_start_reads_from_the_seal_on(log: Path) -> None:
    """Segments before the seal are not opened, whatever became of them; those after it must be whole."""
    journal = Journal.open_recovered(log)
    for record in small_entries(60):
        journal.append([record])
    journal.close()
    segments = segments_of(log)
    segments[0].path.write_bytes(b"whatever")
    segments[1].path.unlink()
    journal = Journal.open_recovered(log, sealed=segments[2].first)
    assert (journal.first, journal.size) == (segments[2].first, 60)
    assert journal.let_go(0) == (segments[0].path,)
    journal.close()
    with pytest.raises(DamagedJournal, match="does not begin"):
        Journal.open_recovered(log, sealed=segments[1].first - 1)
    segments[0].path.unlink()
    with pytest.raises(DamagedJournal, match="neither sealed nor in the journal"):
        Journal.open_recovered(log, sealed=segments[2].first - 1)


@pytest.mark.usefixtures("small_segments")
def test_a_segment_that_another_follows_is_whole(log: Path) -> None:
    """A byte less or more in any but the last segment is damage, never a torn tail.

    Guard removed (the end of such a segment is not compared): bytes behind its last record were passed over.
    """
    journal = Journal.open_recovered(log)
    for record in small_entries(20):
        journal.append([record])
    journal.close()
    first, later = segments_of(log)[:2]
    content = first.path.read_bytes()
    for changed in (content[:-1], content + b"?", content[:40]):
        first.path.write_bytes(changed)
        with pytest.raises(DamagedJournal) as caught:
            Journal.open_recovered(log)
        assert caught.value.seq <= later.first
        assert first.path.read_bytes() == changed
    first.path.write_bytes(content)
    later.path.unlink()
    with pytest.raises(DamagedJournal, match=r"holds more than|does not read"):
        Journal.open_recovered(log)


@pytest.mark.usefixtures("small_segments")
def test_an_empty_new_segment_is_gone_on_with(log: Path) -> None:
    """A crash right after a new segment was begun: the next start goes on in it, and a draft is in nobody's way."""
    journal = Journal.open_recovered(log)
    while len(segments_of(log)) == 1 and journal._segments[-1].end < 700:
        journal.append([b"one"])
    size = journal.size
    journal.close()
    create_segment(log, size)
    (log / "journal" / f"{size + 5:020}.new").write_bytes(b"cut")
    journal = Journal.open_recovered(log)
    assert journal.append([b"two"]) == size
    assert journal.read(size, 1, 1) == [(size, b"two")]
    journal.close()

"""Reading from outside, by folder and by socket."""

import threading
from itertools import islice
from pathlib import Path

import pytest

from audit import journal as journal_module
from audit.faults import DamagedJournal, LogMissing, LogUnavailable
from audit.folder import ACKNOWLEDGED, create, pack_mark
from audit.frames import FILE_HEAD, pack_frames
from audit.journal import Journal
from audit.query import Stored
from audit.reader import JournalReader, log_size, read_entries, read_records
from audit.segments import segments_of
from audit.writer import Writer
from tests.audit.conftest import StartWriter
from tests.audit.samples import FIRST_SEGMENT, event, make_log, small_entries

RECORDS = small_entries(600)


@pytest.fixture(params=["folder", "socket"])
def source(
    request: pytest.FixtureRequest, tmp_path: Path, start_writer: StartWriter, socket_path: Path
) -> Path:
    """The same log of 600 records, by its folder and by its writer's socket."""
    folder = make_log(tmp_path / "read", [RECORDS])
    if request.param == "folder":
        return folder
    start_writer(folder)
    return socket_path


def test_both_ways_give_the_same(source: Path) -> None:
    """All records in order, from any place on; the size; entries decoded."""
    assert list(read_records(source)) == list(enumerate(RECORDS))
    assert list(read_records(source, first=597)) == list(enumerate(RECORDS))[597:]
    assert list(read_records(source, first=600)) == []
    assert log_size(source) == 600
    assert next(read_entries(source, first=5)) == Stored(5, event(5))


def test_following_waits_for_more(source: Path, tmp_path: Path) -> None:
    """A follower gets what is appended after it reached the end."""
    records = read_records(source, first=599, follow=True)
    assert next(records) == (599, RECORDS[599])
    if source.is_socket():
        records.close()  # type: ignore[attr-defined]
        return
    journal = Journal.open_recovered(tmp_path / "read")
    appending = threading.Thread(target=journal.append, args=([RECORDS[0], RECORDS[1]],))
    appending.start()
    assert list(islice(records, 2)) == [(600, RECORDS[0]), (601, RECORDS[1])]
    appending.join()
    journal.close()


def test_nothing_there(tmp_path: Path) -> None:
    """A folder without a log, or none, is an error."""
    with pytest.raises(LogMissing):
        list(read_records(tmp_path))
    with pytest.raises(LogMissing):
        log_size(tmp_path / "absent")


def test_a_socket_without_a_writer(start_writer: StartWriter, socket_path: Path) -> None:
    """A left-over socket is named."""
    start_writer().kill()
    with pytest.raises(LogUnavailable, match="no audit writer"):
        list(read_records(socket_path))


def test_damage_is_not_read_over(tmp_path: Path) -> None:
    """Records before the damage come, then the damage is named; what lies behind it is not believed."""
    folder = make_log(tmp_path / "log", [RECORDS[:1], RECORDS[1:2], RECORDS[2:3]])
    content = bytearray((folder / FIRST_SEGMENT).read_bytes())
    content[len(FILE_HEAD) + 24 + len(RECORDS[0]) + 30] ^= 1
    (folder / FIRST_SEGMENT).write_bytes(content)
    records = read_records(folder)
    assert next(records) == (0, RECORDS[0])
    with pytest.raises(DamagedJournal, match="record 1"):
        next(records)


def test_a_batch_that_is_being_written_is_not_damage(log: Path) -> None:
    """Half a batch is the end for now; when it and a later one are there, reading goes on."""
    content = b"".join(pack_frames([RECORDS[0], RECORDS[1]], 0)) + pack_frames([RECORDS[2]], 2)[0]
    with JournalReader(log) as reader, (log / FIRST_SEGMENT).open("ab", buffering=0) as journal:
        journal.write(content[:150])
        assert [frame.seq for frame in reader.frames()] == [0]
        assert reader.torn_bytes == 150 - len(pack_frames([RECORDS[0]], 0)[0])
        journal.write(content[150:])
        assert [frame.seq for frame in reader.frames()] == [1, 2]
        assert reader.torn_bytes == 0


def test_a_race_with_the_writer_is_settled_by_looking_again(log: Path) -> None:
    """If the writer finishes a batch between the two looks of a reader, the reader goes on and does not cry wolf."""
    first, second = pack_frames([RECORDS[0]], 0)[0], pack_frames([RECORDS[1]], 1)[0]
    with (log / FIRST_SEGMENT).open("ab", buffering=0) as journal:
        journal.write(first[:-1])
        with JournalReader(log) as reader:
            assert reader._enter()
            read_at, rest = reader._read_at, [first[-1:] + second]

            def read_late(offset: int, size: int) -> bytes:
                if rest:  # the writer goes on right after the scan has looked
                    journal.write(rest.pop())
                return read_at(offset, size)

            reader._read_at = read_late
            assert [frame.payload for frame in reader.frames()] == RECORDS[:2]


def test_a_mark_beyond_the_end_is_damage(log: Path) -> None:
    """If more was acknowledged than is there, a reader says so."""
    (log / ACKNOWLEDGED).write_bytes(pack_mark(1))
    with pytest.raises(DamagedJournal, match="1 records had been acknowledged"):
        list(read_records(log))


def test_a_reader_keeps_up_while_segments_come_and_go(
    memory_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a writer that begins segments, seals and removes them all the time: every record once, in order.

    Guard removed (no second look for the segment before damage is named): a segment that ended was called damaged.
    """
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 2_000)
    records = small_entries(6_000)
    log = create(memory_folder / "log").log

    def write() -> None:
        with Writer(log) as writer:
            for start in range(0, len(records), 7):
                writer.append(records[start : start + 7])
                writer.tree.grow(records[start : start + 7])
                if writer.tree.pending > 70:
                    sealed = writer.tree.sealed
                    writer.publisher.publish(writer.tree.cut(), writer.journal.let_go(sealed))

    writing = threading.Thread(target=write)
    writing.start()
    with JournalReader(log) as reader:
        read: list[tuple[int, bytes]] = []
        while len(read) < len(records):
            alive = writing.is_alive()
            before = len(read)
            read += [(frame.seq, frame.payload) for frame in reader.frames()]
            assert alive or len(read) > before, f"only {len(read)} came"
    writing.join()
    assert read == list(enumerate(records))
    assert len(segments_of(log)) < 30
    assert list(read_records(log, first=2_500)) == list(enumerate(records))[2_500:]

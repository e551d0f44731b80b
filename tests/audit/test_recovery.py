"""Recovery: every cut and every flipped byte of a small journal is mended or refused, never believed."""

import os
import shutil
from pathlib import Path

import pytest

from audit.faults import DamagedJournal, LogPoisoned
from audit.folder import ACKNOWLEDGED, pack_mark, read_mark
from audit.frames import FILE_HEAD, HEAD_BYTES
from audit.journal import Journal
from tests.audit.samples import FIRST_SEGMENT, make_log, small_entries

RECORDS = small_entries(4)
BATCHES = [RECORDS[:1], RECORDS[1:2], RECORDS[2:]]  # the last two were written together


@pytest.fixture
def original(memory_folder: Path) -> Path:
    """A log of four records in three batches, closed in good order."""
    return make_log(memory_folder / "original", BATCHES)


def copy_with(original: Path, journal: bytes, mark: int) -> Path:
    """A copy of the log with this journal and mark."""
    folder = original.with_name("copy")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / FIRST_SEGMENT).parent.mkdir(parents=True)
    (folder / FIRST_SEGMENT).write_bytes(journal)
    (folder / ACKNOWLEDGED).write_bytes(pack_mark(mark))
    return folder


def recovered(folder: Path) -> tuple[list[bytes], bytes]:
    """The records after recovery, and the bytes that were set aside."""
    journal = Journal.open_recovered(folder)
    records = [payload for _, payload in journal.read(0, 100, 1 << 20)]
    torn = journal.torn.read_bytes() if journal.torn else b""
    journal.close()
    return records, torn


def ends() -> list[int]:
    """Where each record ends in the journal."""
    place, result = len(FILE_HEAD), []
    for record in RECORDS:
        place += HEAD_BYTES + len(record)
        result.append(place)
    return result


def test_a_cut_anywhere_loses_only_what_nobody_was_told(original: Path) -> None:
    """Cut at every byte: whole records stay, the rest is kept aside; if it had been acknowledged, refused."""
    content = (original / FIRST_SEGMENT).read_bytes()
    for cut in range(len(FILE_HEAD), len(content)):
        whole = sum(end <= cut for end in ends())
        for mark in {0, whole, whole + 1}:
            folder = copy_with(original, content[:cut], mark)
            if mark > whole:
                with pytest.raises(DamagedJournal) as caught:
                    recovered(folder)
                assert (caught.value.seq, caught.value.acknowledged) == (whole, mark)
                assert (folder / FIRST_SEGMENT).read_bytes() == content[:cut]
                continue
            records, torn = recovered(folder)
            assert records == RECORDS[:whole]
            assert torn == content[([len(FILE_HEAD), *ends()])[whole] : cut]
            assert read_mark(folder) == whole


def test_a_cut_inside_the_file_head_is_refused(original: Path) -> None:
    """A journal without its whole head is not taken for an empty one."""
    content = (original / FIRST_SEGMENT).read_bytes()
    for cut in range(len(FILE_HEAD)):
        with pytest.raises(DamagedJournal):
            recovered(copy_with(original, content[:cut], 0))


def test_a_flipped_bit_anywhere_is_noticed(original: Path) -> None:
    """Flip a bit of every byte of a log that was closed in good order: refused, and nothing was touched."""
    content = (original / FIRST_SEGMENT).read_bytes()
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << (place % 8)
        folder = copy_with(original, bytes(flipped), len(RECORDS))
        with pytest.raises(DamagedJournal):
            recovered(folder)
        assert (folder / FIRST_SEGMENT).read_bytes() == bytes(flipped)
        assert sorted(path.name for path in folder.iterdir()) == [ACKNOWLEDGED, "journal"]


def test_a_flipped_bit_after_a_power_failure_is_noticed_or_was_never_acknowledged(original: Path) -> None:
    """With the mark lost too (0), a flip in a batch that a later one saw durable is refused; else it is set aside."""
    content = (original / FIRST_SEGMENT).read_bytes()
    proven_until = ends()[
        1
    ]  # the last batch says durable = 2, and nothing says that it became durable itself
    for place in range(len(FILE_HEAD), len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 0x10
        folder = copy_with(original, bytes(flipped), 0)
        if place < proven_until:
            with pytest.raises(DamagedJournal):
                recovered(folder)
            continue
        whole = 2 if place < ends()[2] else 3
        records, torn = recovered(folder)
        assert records == RECORDS[:whole]
        assert torn == bytes(flipped)[ends()[whole - 1] :]


def test_a_flipped_bit_of_the_mark_is_refused(original: Path) -> None:
    """A mark that does not match its checksum is damage; so is one that is missing."""
    good = (original / ACKNOWLEDGED).read_bytes()
    for place in range(len(good)):
        flipped = bytearray(good)
        flipped[place] ^= 1
        (original / ACKNOWLEDGED).write_bytes(flipped)
        with pytest.raises(DamagedJournal, match="checksum"):
            Journal.open_recovered(original)
    (original / ACKNOWLEDGED).unlink()
    with pytest.raises(DamagedJournal, match="missing"):
        Journal.open_recovered(original)


def test_recovery_is_repeatable_and_keeps_every_torn_tail(original: Path) -> None:
    """A tail torn twice at the same record is kept twice, and a left-over part file is in nobody's way."""
    content = (original / FIRST_SEGMENT).read_bytes()
    folder = copy_with(original, content[:-1], 0)
    (folder / "torn-3.part").write_bytes(b"left over from a crash, longer than the tail" * 9)
    recovered(folder)
    with (folder / FIRST_SEGMENT).open("ab") as journal:
        journal.write(b"again")
    records, torn = recovered(folder)
    assert records == RECORDS[:3]
    assert torn == b"again"
    assert (folder / "torn-3").read_bytes() == content[ends()[2] : -1]
    assert (folder / "torn-3-2").read_bytes() == b"again"


def test_appending_goes_on_after_a_cut(original: Path) -> None:
    """The numbers continue after the last good record, and all of it reads back."""
    content = (original / FIRST_SEGMENT).read_bytes()
    folder = copy_with(original, content[:-1], 0)
    journal = Journal.open_recovered(folder)
    assert journal.append([b"next"]) == 3
    journal.close()
    assert recovered(folder) == ([*RECORDS[:3], b"next"], b"")


def test_a_journal_that_cannot_be_written_is_not_served(original: Path) -> None:
    """Where recovery cannot make the records durable, nothing is served."""
    content = (original / FIRST_SEGMENT).read_bytes()
    folder = copy_with(original, content[:-1], 0)
    (folder / "torn-3.part").mkdir()  # in the way, for every user
    with pytest.raises(LogPoisoned, match="torn-3"):
        Journal.open_recovered(folder)
    assert os.path.getsize(folder / FIRST_SEGMENT) == len(content) - 1  # noqa: PTH202  # the size is the point


def test_records_nobody_was_told_about_are_written_again(original: Path) -> None:
    """What a failed sync may have left in memory only is written once more; what was acknowledged is not touched."""
    content = (original / FIRST_SEGMENT).read_bytes()
    for mark, touched in ((len(RECORDS), False), (len(RECORDS) - 1, True), (0, True)):
        folder = copy_with(original, content, mark)
        os.utime(folder / FIRST_SEGMENT, (1, 1))
        recovered(folder)
        assert (folder / FIRST_SEGMENT).read_bytes() == content
        assert ((folder / FIRST_SEGMENT).stat().st_mtime != 1) is touched

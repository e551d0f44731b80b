"""The open journal: batches in, records out, poison."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from audit.faults import LogMissing, LogPoisoned
from audit.folder import read_mark
from audit.journal import Journal
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
    good, journal._journal = journal._journal, os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(LogPoisoned):
        journal.append([b"one"])
    os.close(journal._journal)
    journal._journal = good
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

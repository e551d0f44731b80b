"""The single writer: its lock, and what it lets in."""

import os
from pathlib import Path

import pytest

from audit.entry import EntryInvalid, encode
from audit.faults import LogLocked, LogMissing
from audit.writer import PID_FILE, Writer, check
from tests.audit.samples import decision


def test_a_second_writer_is_refused_and_told_who_is_there(log: Path) -> None:
    """The folder is held by one writer; another learns its pid, and may have it afterwards."""
    with Writer(log), pytest.raises(LogLocked, match=f"pid {os.getpid()}"):
        Writer(log)
    with Writer(log):
        pass


def test_the_lock_does_not_hang_on_a_file(log: Path) -> None:
    """Removing the file with the pid opens no way for a second writer."""
    with Writer(log):
        (log / PID_FILE).unlink()
        with pytest.raises(LogLocked, match="pid unknown"):
            Writer(log)


def test_a_failed_start_lets_go_of_the_lock(tmp_path: Path) -> None:
    """A folder without a log is refused each time with the same reason, never as locked."""
    for _ in range(2):
        with pytest.raises(LogMissing):
            Writer(tmp_path)


def test_check_lets_only_entries_in() -> None:
    """What is not a canonical entry does not get into the log."""
    check(encode(decision()))
    with pytest.raises(EntryInvalid):
        check(b"{}")

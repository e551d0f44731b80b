"""The folder: deliberate creation, whole writes."""

import os
import stat
from pathlib import Path

import pytest

from audit.faults import LogExists, LogMissing
from audit.folder import create, read_mark, reader_of, write_all
from audit.journal import Journal


def test_create_makes_an_empty_private_log(tmp_path: Path) -> None:
    """The folder is its owner's alone, and the log in it is empty."""
    create(tmp_path / "log")
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
    assert read_mark(tmp_path / "log") == 0
    journal = Journal.open_recovered(tmp_path / "log")
    assert journal.size == 0
    journal.close()


def test_create_takes_an_empty_folder_and_nothing_else(tmp_path: Path) -> None:
    """An empty folder is fine; a log, a file, anything in the folder or a missing parent is not."""
    (tmp_path / "empty").mkdir()
    create(tmp_path / "empty")
    for path in (tmp_path / "empty", tmp_path):
        with pytest.raises(LogExists):
            create(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(LogExists):
        create(tmp_path / "file")
    with pytest.raises(LogMissing):
        create(tmp_path / "no" / "log")


def test_partial_writes_and_reads_are_completed() -> None:
    """A kernel that takes and gives a little at a time makes no difference."""
    descriptor = os.memfd_create("sample")
    content = os.urandom(10_000)
    write_all(descriptor, content, 3)
    assert reader_of(descriptor)(3, 20_000) == content
    os.close(descriptor)

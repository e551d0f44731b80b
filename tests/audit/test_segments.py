"""The journal's files: named by their first record, whole when they have their name."""

from pathlib import Path

import pytest

from audit.faults import DamagedJournal, LogMissing, LogOfOldForm
from audit.files import DRAFT
from audit.folder import create
from audit.frames import FILE_HEAD
from audit.segments import create_segment, segment_path, segments_of


def test_segments_are_found_in_order(log: Path) -> None:
    """By number, not by when they were made; a draft and anything else in the folder is none."""
    for first in (1_000, 20, 300):
        create_segment(log, first)
    segment_path(log, 7).with_name(f"{7:020}{DRAFT}").write_bytes(FILE_HEAD)
    (log / "journal" / "notes").touch()
    assert [segment.first for segment in segments_of(log)] == [0, 20, 300, 1_000]


def test_where_no_log_is(tmp_path: Path, log: Path) -> None:
    """No folder and no journal are a missing log; a journal without segments is damage."""
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(LogMissing, match="doorless init"):
            segments_of(folder)
    (tmp_path / "file").touch()
    with pytest.raises(LogMissing):
        segments_of(tmp_path / "file")
    segment_path(log, 0).unlink()
    with pytest.raises(DamagedJournal, match="no segment"):
        segments_of(log)


def test_a_log_of_the_first_form_is_named(tmp_path: Path) -> None:
    """One journal file, as earlier versions wrote it: said so, with what to do, and left alone."""
    create(tmp_path / "old")
    segment_path(tmp_path / "old", 0).unlink()
    (tmp_path / "old" / "journal").rmdir()
    (tmp_path / "old" / "journal").write_bytes(b"doorless audit journal, form 1".ljust(32, b"\n"))
    with pytest.raises(LogOfOldForm, match=r"a log of form 1.*doorless init"):
        segments_of(tmp_path / "old")

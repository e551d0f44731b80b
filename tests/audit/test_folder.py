"""The folder: deliberate creation, whole writes."""

import stat
from pathlib import Path

import pytest

from audit.checkpoints import read_checkpoints
from audit.faults import KeyRefused, LogExists, LogMissing
from audit.folder import CHECKPOINT, Places, create, read_mark
from audit.journal import Journal
from audit.keys import read_vkeys
from audit.note import open_note


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


def test_create_makes_key_store_and_first_checkpoint(tmp_path: Path) -> None:
    """A new log has a signed checkpoint of nothing, in its folder, in the store apart and in the history."""
    places = create(tmp_path / "log", "log.example/folder")
    assert places == Places(tmp_path / "log", tmp_path / "log-key", tmp_path / "log-signed")
    note = (places.log / CHECKPOINT).read_bytes()
    assert (places.signed / CHECKPOINT).read_bytes() == note
    assert list(read_checkpoints(places.log)) == [note]
    assert open_note(note, read_vkeys(places.log)).text.startswith("log.example/folder\n0\n")
    for folder in (places.keys, places.signed):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_name_must_be_possible(tmp_path: Path) -> None:
    """What no checkpoint can carry is refused before anything is a log."""
    with pytest.raises(KeyRefused, match="cannot have this name"):
        create(tmp_path / "log", "two words")
    assert not (tmp_path / "log" / "journal").exists()

"""The history of checkpoints: it only grows, survives a cut line, and names a changed one."""

from pathlib import Path

import pytest

from audit import checkpoints
from audit.checkpoints import CHECKPOINTS, History, create_history, latest_checkpoints, read_checkpoints
from audit.faults import DamagedLog

NOTES = [f"log.example\n{number}\nroot\n\n\u2014 log.example c2ln\n".encode() for number in range(12)]


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log's folder with a history whose files hold five notes each; nothing in it yet."""
    monkeypatch.setattr(checkpoints, "NOTES_PER_FILE", 5)
    create_history(tmp_path)
    return tmp_path


def append(folder: Path, *notes: bytes) -> None:
    """Open the history, add, close."""
    writer = History(folder)
    for note in notes:
        writer.append(note)
        assert writer.latest == note
    writer.close()


def test_notes_come_back_in_order_over_files_and_openings(history: Path) -> None:
    """Twelve notes in three openings and three files: all there, in order, byte for byte."""
    assert list(read_checkpoints(history)) == []
    assert latest_checkpoints(history, 2) == []
    for part in (NOTES[:5], NOTES[5:6], NOTES[6:]):
        append(history, *part)
    assert list(read_checkpoints(history)) == NOTES
    assert latest_checkpoints(history, 4) == NOTES[-4:]
    assert len(list((history / CHECKPOINTS).iterdir())) == 3


def test_a_line_that_a_crash_cut_is_no_checkpoint(history: Path) -> None:
    """Readers pass over it, the next writer cuts it off and goes on; no whole line is touched."""
    append(history, *NOTES[:2])
    [file] = (history / CHECKPOINTS).iterdir()
    whole = file.read_bytes()
    for cut in range(1, len(whole) // 2):
        file.write_bytes(whole[:-cut])
        assert list(read_checkpoints(history)) == NOTES[:1]
    append(history, NOTES[2])
    assert list(read_checkpoints(history)) == [NOTES[0], NOTES[2]]


def test_a_crash_after_a_new_file_was_begun(history: Path) -> None:
    """An empty newest file: the latest note is found in the one before."""
    append(history, *NOTES[:5])
    (history / CHECKPOINTS / "00000001").touch()
    assert latest_checkpoints(history, 1) == NOTES[4:5]
    writer = History(history)
    assert writer.latest == NOTES[4]
    writer.close()
    append(history, NOTES[5])
    assert list(read_checkpoints(history)) == NOTES[:6]


def test_a_changed_line_is_named(history: Path) -> None:
    """A whole line that is no JSON string is damage, with its file and number; so is a history that is gone."""
    append(history, *NOTES[:3])
    [file] = (history / CHECKPOINTS).iterdir()
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([lines[0], b"?" + lines[1], *lines[2:]]))
    with pytest.raises(DamagedLog, match=f"{file}: line 2"):
        list(read_checkpoints(history))
    file.unlink()
    with pytest.raises(DamagedLog, match="holds no checkpoints"):
        History(history)

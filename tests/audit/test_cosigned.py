"""The store of cosigned notes: it only grows, and a line that was cut short is no note."""

from pathlib import Path

import pytest

from audit.cosigned import add_cosigned, newest_cosigned, read_cosigned
from audit.faults import DamagedLog
from tests.audit.reference_tlog import ReferenceLog

NOTES = [ReferenceLog([b"e"] * size).checkpoint("log.example/one", bytes(32)) for size in range(5)]


def test_notes_are_kept_in_order(tmp_path: Path) -> None:
    """Nothing there at first; each note stands for ever; the newest is the last that had its quorum."""
    assert list(read_cosigned(tmp_path)) == []
    assert newest_cosigned(tmp_path) is None
    for number, note in enumerate(NOTES):
        add_cosigned(tmp_path, note, has_quorum=number < 3)
    assert list(read_cosigned(tmp_path)) == NOTES
    assert newest_cosigned(tmp_path) == NOTES[2]


@pytest.mark.parametrize("left", range(1, 180, 7))
def test_a_line_that_a_crash_cut_short(tmp_path: Path, left: int) -> None:
    """At every length it is skipped by readers and replaced by the next note."""
    add_cosigned(tmp_path, NOTES[3], has_quorum=True)
    file = tmp_path / "cosigned/notes"
    before = file.read_bytes()
    add_cosigned(tmp_path, NOTES[4], has_quorum=True)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(before) + left])
    assert list(read_cosigned(tmp_path)) == [NOTES[3]]
    add_cosigned(tmp_path, NOTES[4], has_quorum=True)
    assert file.read_bytes() == whole


def test_a_first_line_that_was_cut_short(tmp_path: Path) -> None:
    """Also where nothing stands before it, however long it is."""
    (tmp_path / "cosigned").mkdir()
    (tmp_path / "cosigned/notes").write_bytes(b'"' + b"x" * 200_000)
    assert list(read_cosigned(tmp_path)) == []
    add_cosigned(tmp_path, NOTES[1], has_quorum=True)
    assert list(read_cosigned(tmp_path)) == [NOTES[1]]


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b' "a"\n', b'"\\u0061"\n', b"nonsense\n"])
def test_a_line_that_is_no_note(tmp_path: Path, line: bytes) -> None:
    """A whole line that is not spelled as it was written is damage."""
    add_cosigned(tmp_path, NOTES[1], has_quorum=True)
    with (tmp_path / "cosigned/notes").open("ab") as file:
        file.write(line)
    with pytest.raises(DamagedLog, match="line 2"):
        list(read_cosigned(tmp_path))

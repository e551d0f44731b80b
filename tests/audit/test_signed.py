"""The store apart: compare-and-swap, growing only, one holder."""

from pathlib import Path

import pytest

from audit.checkpoint import Checkpoint
from audit.faults import LogBehind, LogExists, LogLocked, LogMissing
from audit.note import Signer, sign_note
from audit.signed import CHECKPOINT, SignedStore, checkpoint_of, create_store

NAME = "log.example/store"


def note(size: int, root: int = 1, origin: str = NAME) -> bytes:
    """A signed checkpoint."""
    return sign_note(Checkpoint(origin, size, bytes([root]) * 32).text(), [Signer(NAME, b"s" * 32)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store that holds a checkpoint of 5."""
    create_store(tmp_path / "store", note(5))
    return tmp_path / "store"


def test_a_swap_stands_and_survives(folder: Path) -> None:
    """Larger checkpoints replace smaller ones, and are there for the next holder; the same again does no harm."""
    with SignedStore(folder) as store:
        for size in (6, 6, 900):
            store.swap(note(size))
    with SignedStore(folder) as store:
        assert store.note == note(900)
        assert checkpoint_of(store.note).size == 900


@pytest.mark.parametrize(
    "next_note", [note(4), note(0), note(5, root=2), note(9, origin="log.example/other"), b"no note"]
)
def test_what_does_not_go_on_from_it_is_refused(folder: Path, next_note: bytes) -> None:
    """Smaller, another root for the same size, another log, no checkpoint: refused, and the old one stays.

    Guard removed (the sizes are not compared): a smaller one replaced it.
    """
    with SignedStore(folder) as store, pytest.raises(LogBehind):
        store.swap(next_note)
    assert (folder / CHECKPOINT).read_bytes() == note(5)


def test_a_change_by_somebody_else_is_noticed(folder: Path) -> None:
    """If the file is not what we know it to be, nothing is swapped."""
    with SignedStore(folder) as store:
        (folder / CHECKPOINT).write_bytes(note(7))
        with pytest.raises(LogBehind, match="changed by somebody else"):
            store.swap(note(8))
    assert (folder / CHECKPOINT).read_bytes() == note(7)


def test_there_is_one_holder(folder: Path) -> None:
    """A second one is refused while the first is there."""
    with SignedStore(folder), pytest.raises(LogLocked):
        SignedStore(folder)
    with SignedStore(folder):
        pass


def test_a_store_is_made_once_and_missed_when_gone(folder: Path, tmp_path: Path) -> None:
    """Nothing is made over another; without a store, or its file, there is no start."""
    with pytest.raises(LogExists):
        create_store(folder, note(0))
    (tmp_path / "file").touch()
    with pytest.raises(LogExists):
        create_store(tmp_path / "file", note(0))
    with pytest.raises(LogMissing):
        create_store(tmp_path / "no" / "store", note(0))
    (folder / CHECKPOINT).unlink()
    for missing in (folder, tmp_path / "absent"):
        with pytest.raises(LogMissing, match="back from a copy"):
            SignedStore(missing)

"""The single writer: its lock, what it lets in, and what has to agree before it serves."""

import os
import shutil
from pathlib import Path

import pytest

from audit.checkpoints import read_checkpoints
from audit.entry import EntryInvalid, encode
from audit.faults import KeyRefused, LogBehind, LogLocked, LogMissing
from audit.folder import Places, create
from audit.keys import create_keys
from audit.sealed import read_checkpoint, sealed_records
from audit.signed import checkpoint_of
from audit.writer import PID_FILE, Writer, check
from tests.audit.reference_tlog import ReferenceLog
from tests.audit.samples import decision, event


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


ENTRIES = [encode(event(number)) for number in range(600)]


def sealed_log(folder: Path, *sizes: int) -> Places:
    """A log whose writer was started and stopped at each of these sizes: sealed up to the last but its last records."""
    places = create(folder)
    size = 0
    for until in sizes:
        with Writer(places) as writer:
            if until > size:
                writer.append(ENTRIES[size:until])
            size = until
    with Writer(places):
        return places


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the one with the pid."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != PID_FILE)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_start_seals_what_the_last_writer_left(tmp_path: Path) -> None:
    """Records that were durable and under no checkpoint are sealed before anybody is served; journal and tree agree."""
    places = sealed_log(tmp_path / "log", 3, 300, 300, 301)
    checkpoint = read_checkpoint(places.log)
    reference = ReferenceLog(ENTRIES[:301])
    assert (checkpoint.size, checkpoint.root) == (301, reference.root())
    assert list(sealed_records(places.log, 0, 301)) == list(enumerate(ENTRIES[:301]))
    assert [checkpoint_of(note).size for note in read_checkpoints(places.log)] == [0, 3, 300, 301]


def test_partial_files_go_when_the_full_ones_are_published(tmp_path: Path) -> None:
    """Those of a size that is still partial stay, for whoever holds an older checkpoint."""
    places = sealed_log(tmp_path / "log", 3, 255, 256)
    assert {name for name in contents(places.log) if name.startswith("tile/")} == {
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/entries/000",
    }
    places = sealed_log(tmp_path / "other", 257, 258)
    assert {name for name in contents(places.log) if "001" in name} == {
        f"tile/{kind}/001.p/{width}" for kind in ("0", "entries") for width in (1, 2)
    }


def test_a_log_that_was_set_back_is_refused(tmp_path: Path) -> None:
    """An older copy of the whole folder, signed and consistent: the store apart knows better, nothing is touched."""
    places = sealed_log(tmp_path / "log", 100)
    shutil.copytree(places.log, tmp_path / "copy")
    with Writer(places) as writer:
        writer.append(ENTRIES[100:200])
    with Writer(places):
        pass
    shutil.rmtree(places.log)
    (tmp_path / "copy").rename(places.log)
    before = contents(places.log)
    with pytest.raises(LogBehind, match=r"a checkpoint of 200 entries was signed.*newest copy"):
        Writer(places)
    assert contents(places.log) == before


def test_a_store_that_was_set_back_is_refused(tmp_path: Path) -> None:
    """The folder publishes more than the store knows of: one of them is not the newest."""
    places = sealed_log(tmp_path / "log", 100)
    old = (places.signed / "checkpoint").read_bytes()
    with Writer(places) as writer:
        writer.append(ENTRIES[100:200])
    with Writer(places):
        pass
    (places.signed / "checkpoint").write_bytes(old)
    with pytest.raises(LogBehind, match="publishes a checkpoint of 200 entries"):
        Writer(places)


@pytest.mark.parametrize("name", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "checkpoint"])
def test_a_changed_edge_is_refused(tmp_path: Path, name: str) -> None:
    """A file of the right edge that was changed, cut or removed: no start, and nothing is signed over it."""
    places = sealed_log(tmp_path / "log", 300)
    content = (places.log / name).read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    for changed in (bytes(flipped), content[:-1], b"", None):
        (places.log / name).unlink() if changed is None else (places.log / name).write_bytes(changed)
        with pytest.raises(LogBehind):
            Writer(places)
    (places.log / name).write_bytes(content)
    with Writer(places):
        pass


def test_a_checkpoint_that_is_signed_and_not_published_is_published(tmp_path: Path) -> None:
    """A crash between the swap and the rename, or before the history: the next start does both, once."""
    places = sealed_log(tmp_path / "log", 100)
    old = (places.log / "checkpoint").read_bytes(), contents(places.log / "checkpoints")["00000000"]
    with Writer(places) as writer:
        writer.append(ENTRIES[100:200])
    with Writer(places):
        new = (places.log / "checkpoint").read_bytes()
    (places.log / "checkpoint").write_bytes(old[0])
    (places.log / "checkpoints" / "00000000").write_bytes(old[1])
    for _ in range(2):
        with Writer(places):
            pass
        assert (places.log / "checkpoint").read_bytes() == new
        assert [checkpoint_of(note).size for note in read_checkpoints(places.log)] == [0, 100, 200]


def test_another_key_or_none_is_refused(tmp_path: Path) -> None:
    """The key belongs to the log: a foreign one of the same name, and a missing one, keep the writer from starting."""
    places = sealed_log(tmp_path / "log", 3)
    key = places.keys / "current"
    mine = key.read_bytes()
    key.unlink()
    with pytest.raises(KeyRefused):
        Writer(places)
    places.keys.rmdir()
    create_keys(places.keys, read_checkpoint(places.log).origin)
    with pytest.raises(LogBehind, match="not by this log's key"):
        Writer(places)
    key.write_bytes(mine)
    with Writer(places):
        pass


def test_sealed_records_are_read_within_the_limits(tmp_path: Path) -> None:
    """Records from bundles: as many and as much as asked, one at least, whole runs across bundles."""
    places = sealed_log(tmp_path / "log", 600)
    with Writer(places) as writer:
        writer.journal.let_go(600)
        writer.journal._segments[0].first = 600  # as after a segment was begun at the seal
        for first in (0, 1, 255, 256, 599):
            assert writer.read(first, 300, 1 << 20) == list(enumerate(ENTRIES))[first : first + 300]
        assert writer.read(5, 10, 1) == [(5, ENTRIES[5])]
        assert writer.read(5, 0, 1 << 20) == []

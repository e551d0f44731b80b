"""Shipping: the copy is verified at both ends, goes on after a crash, and never takes what does not fit."""

import shutil
from pathlib import Path

import pytest

from audit.destination import FolderDestination
from audit.entry import encode
from audit.folder import Places
from audit.published import PublishedFolder
from audit.ship import Shipped, ShipRefused, ship
from audit.tiles import tile_path
from audit.verify import LogDisagrees, verify_published
from tests.audit.samples import decision, event
from tests.audit.whole_logs import extend, make_whole

FIRST = [encode(decision(number)) for number in range(700)]
THEN = [encode(event(number)) for number in range(650)]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return make_whole(tmp_path / "log", FIRST)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copies" / "log"


class Watched(FolderDestination):
    """Counts what is written, and breaks off where it is told to: before a write, after it, or by spoiling it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.puts: list[str] = []
        self.fail_at = -1
        self.spoil = ""

    def put(self, name: str, content: bytes) -> None:
        if len(self.puts) == self.fail_at:
            raise OSError("the line broke")
        self.puts.append(name)
        super().put(name, content[:-1] + b"?" if name == self.spoil else content)


def test_a_copy_verifies_by_itself_and_is_brought_up_to_date(places: Places, copy: Path) -> None:
    """The copy is a log that any verifier reads. What is full there is not written again."""
    shipped = ship(places.log, FolderDestination(copy))
    assert (shipped.size, shipped.before) == (700, 0)
    assert verify_published(PublishedFolder(copy)).records == 700
    extend(places, THEN)
    heard: list[tuple[int, int]] = []
    destination = Watched(copy)
    assert ship(places.log, destination, lambda *done: heard.append(done)).before == 700
    assert heard[-1] == (1350, 1350)
    assert verify_published(PublishedFolder(copy)).records == 1350
    assert tile_path(0, 0) not in destination.puts
    assert destination.puts[-2:] == ["checkpoint", "checkpoints/00000000"]
    assert ship(places.log, FolderDestination(copy)) == Shipped(1350, 1350, 0, 0)


def test_neither_journal_nor_side_store_nor_key_is_copied(places: Places, copy: Path) -> None:
    """What can be forgotten must not lie in a second place, and a key never leaves."""
    (places.log / "side" / "ab").mkdir(parents=True)
    (places.log / "side" / "ab" / "abcd").write_text("alice")
    extend(places, [], THEN)
    ship(places.log, FolderDestination(copy))
    there = {file.relative_to(copy).parts[0] for file in copy.rglob("*") if file.is_file()}
    assert {name for name in there if not name.endswith(".vkey")} == {"checkpoint", "checkpoints", "tile"}


def test_whatever_write_fails_the_next_run_ends_well(places: Places, copy: Path) -> None:
    """After each broken run the copy is the older one and verifies, or is called unfinished; the next run mends it."""
    ship(places.log, FolderDestination(copy))
    extend(places, THEN)
    whole = Watched(copy.with_name("whole"))
    shutil.copytree(copy, whole.folder)
    ship(places.log, whole)
    for turn in range(len(whole.puts)):
        broken = Watched(copy.with_name(f"broken-{turn}"))
        shutil.copytree(copy, broken.folder)
        broken.fail_at = turn
        with pytest.raises(OSError, match="broke"):
            ship(places.log, broken)
        if broken.puts[-1:] == ["checkpoint"]:
            with pytest.raises(LogDisagrees, match="does not stand in the history"):
                verify_published(PublishedFolder(broken.folder))
        else:
            assert verify_published(PublishedFolder(broken.folder)).records == 700
        ship(places.log, FolderDestination(broken.folder))
        assert verify_published(PublishedFolder(broken.folder)).records == 1350
        shutil.rmtree(broken.folder)


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/001", "tile/1/000.p/2", "checkpoint"])
def test_what_does_not_read_back_ends_the_run(places: Places, copy: Path, name: str) -> None:
    """A place that stores something else. Without reading back, the copy was believed."""
    destination = Watched(copy)
    destination.spoil = name
    with pytest.raises(ShipRefused, match="does not read back"):
        ship(places.log, destination)


@pytest.mark.parametrize("name", ["tile/entries/001", "tile/0/001", "tile/1/000.p/2"])
def test_a_log_that_its_tree_does_not_cover_is_not_shipped(places: Places, copy: Path, name: str) -> None:
    """A changed bundle or tile at home is found before it spreads."""
    file = places.log / name
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    with pytest.raises(ShipRefused):
        ship(places.log, FolderDestination(copy))
    assert not (copy / "checkpoint").exists()


def test_a_copy_that_was_changed_is_found(places: Places, copy: Path) -> None:
    """An immutable file that differs is kept as it is, and named."""
    broken = Watched(copy)
    broken.fail_at = 3
    with pytest.raises(OSError, match="broke"):
        ship(places.log, broken)
    (copy / "tile/entries/000").write_bytes(b"another")
    with pytest.raises(ShipRefused, match="another tile/entries/000 already"):
        ship(places.log, FolderDestination(copy))


def test_a_copy_of_another_log_or_of_a_later_state_is_refused(
    places: Places, copy: Path, tmp_path: Path
) -> None:
    """Rolled back at home: the copy, which is ahead, tells. So does the copy of a log with another key."""
    old = Places.beside(tmp_path / "old" / "log")
    for was, kept in ((places.log, old.log), (places.keys, old.keys), (places.signed, old.signed)):
        shutil.copytree(was, kept)
    extend(places, THEN)
    ship(places.log, FolderDestination(copy))
    with pytest.raises(ShipRefused, match="rolled back or rewritten"):
        ship(old.log, FolderDestination(copy))
    other = make_whole(tmp_path / "another", FIRST)
    with pytest.raises(ShipRefused, match="not a checkpoint that this log signed"):
        ship(other.log, FolderDestination(copy))

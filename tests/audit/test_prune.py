"""Pruning: only what was shipped and cosigned goes, whole bundles of it, and what is left still verifies."""

import shutil
from pathlib import Path

import pytest

from audit import side_store
from audit.cosigned import add_cosigned
from audit.destination import FolderDestination
from audit.entry import encode
from audit.folder import Places
from audit.history import SealedLog
from audit.index import LogIndex
from audit.lookup import Lookup
from audit.note import COSIGNATURE, Signer, split_note
from audit.prune import PruneRefused, Quorum, plan, prune
from audit.published import CHECKPOINT, PublishedFolder
from audit.query import Page
from audit.reader import read_entries
from audit.retention import first_kept
from audit.ship import ShipRefused, ship
from audit.verify import verify, verify_published
from tests.audit.samples import NOW, decision, name, outcome
from tests.audit.whole_logs import extend, make_whole

WITNESS = Signer("witness.example/one", bytes(32), COSIGNATURE)
ONE = Quorum((WITNESS.verifier,), 1)
NONE = Quorum((), 0)
LATER = NOW * 2
SIDE = side_store.salted({"path": "/people/alice"}, bytes(16))
ENTRIES = [
    encode(decision(0, input=None, side=side_store.digest_of(SIDE))),
    *(encode(decision(number)) for number in range(1, 600)),
    *(encode(outcome(number)) for number in range(300)),
]


def cosign(places: Places) -> None:
    note = (places.log / CHECKPOINT).read_bytes()
    text, _ = split_note(note)
    add_cosigned(places.log, note + WITNESS.line(text, 1_700_000_000).encode(), has_quorum=True)


@pytest.fixture
def copy(tmp_path: Path) -> FolderDestination:
    return FolderDestination(tmp_path / "copy")


@pytest.fixture
def places(tmp_path: Path, copy: FolderDestination) -> Places:
    """A log of 900 entries that was cosigned and shipped."""
    made = make_whole(tmp_path / "log", ENTRIES)
    side_store.keep(made.log, SIDE)
    cosign(made)
    ship(made.log, copy)
    return made


def test_what_is_left_verifies_reads_and_goes_on(
    places: Places, copy: FolderDestination, tmp_path: Path
) -> None:
    """Three whole bundles go, with what stood beside the log for them; the rest is as it was."""
    planned = plan(places.log, copy, ONE, LATER)
    assert planned.entries == 768
    prune(places.log, planned)
    assert first_kept(places.log) == 768
    assert verify(places.log).records == 900 - 768
    assert [stored.seq for stored in read_entries(places.log)] == list(range(768, 900))
    assert side_store.get(places.log, side_store.digest_of(SIDE)) == "gone"
    extend(places, [encode(decision(number)) for number in range(1_000, 1_400)])
    assert verify(places.log).records == 1_300 - 768
    ship(places.log, copy)
    assert verify_published(PublishedFolder(copy.folder)).records == 1_300, "the copy has all of it"
    with Lookup(places.log, tmp_path / "index" / "log.sqlite") as lookup:
        assert lookup.decision(name(5)) is None
        assert lookup.decision(name(1_000)) is not None


def test_an_index_that_was_made_before_does_not_lead_nowhere(
    places: Places, copy: FolderDestination, tmp_path: Path
) -> None:
    """It still knows the numbers of what went; what it finds is only what is there."""
    file = tmp_path / "index" / "log.sqlite"
    with LogIndex(file) as index:
        index.catch_up(SealedLog(places.log))
    prune(places.log, plan(places.log, copy, ONE, LATER))
    made = file.stat().st_ino
    with Lookup(places.log, file) as lookup:
        assert lookup.decision(name(5)) is None
        first = first_kept(places.log)
        page = lookup.page(Page(limit=3))
        assert [stored.seq for stored in page] == [first, first + 1, first + 2], (
            "no page is filled by what went"
        )
        assert lookup.count(Page()) == lookup.indexed - first
    assert file.stat().st_ino == made, "and it is not made anew for that"


def test_age_decides_and_whole_bundles_go(places: Places, copy: FolderDestination) -> None:
    """A bundle whose last entry is not old enough stays, and all after it."""
    assert plan(places.log, copy, ONE, NOW + 511).entries == 256
    assert plan(places.log, copy, ONE, NOW + 512).entries == 512
    assert plan(places.log, copy, ONE, NOW).entries == 0


def test_nothing_goes_that_nobody_cosigned(places: Places, copy: FolderDestination) -> None:
    """No cosignature, too few, or one that does not cover it: refused, or only what is covered."""
    shutil.rmtree(places.log / "cosigned")
    with pytest.raises(PruneRefused, match="no checkpoint of this log is cosigned"):
        plan(places.log, copy, ONE, LATER)
    assert plan(places.log, copy, NONE, LATER).pruned.witnessed is False
    cosign(places)
    with pytest.raises(PruneRefused, match="1 witnesses cosigned, 2 are needed"):
        plan(places.log, copy, Quorum(ONE.witnesses, 2), LATER)
    stranger = Signer("witness.example/two", bytes([7]) * 32, COSIGNATURE)
    with pytest.raises(PruneRefused, match="does not hold"):
        plan(places.log, copy, Quorum((stranger.verifier,), 1), LATER)
    extend(places, [encode(decision(number)) for number in range(2_000, 2_400)])
    ship(places.log, copy)
    assert plan(places.log, copy, ONE, LATER).entries == 768, "900 were cosigned, 1300 shipped"


def test_nothing_goes_that_the_copy_does_not_hold(
    places: Places, copy: FolderDestination, tmp_path: Path
) -> None:
    """An empty place, an older copy, a spoilt one."""
    with pytest.raises(PruneRefused, match="holds no copy"):
        plan(places.log, FolderDestination(tmp_path / "nowhere"), ONE, LATER)
    extend(places, [encode(decision(number)) for number in range(2_000, 2_400)])
    cosign(places)
    assert plan(places.log, copy, ONE, LATER).entries == 768, "1300 were cosigned, 900 shipped"
    file = copy.folder / "tile" / "entries" / "001"
    file.write_bytes(file.read_bytes().replace(b"crash-tracker", b"crush-tracker", 1))
    with pytest.raises(PruneRefused, match="tile/entries/001 is not the same"):
        plan(places.log, copy, ONE, LATER)


@pytest.mark.usefixtures("places")
def test_a_log_of_another_history_is_not_pruned(copy: FolderDestination, tmp_path: Path) -> None:
    """The copy is one of the first log; the second may not drop anything behind it."""
    other = make_whole(tmp_path / "other", ENTRIES[:600])
    with pytest.raises(ShipRefused):
        plan(other.log, copy, NONE, LATER)


def test_a_crash_in_the_middle_is_mended_by_the_next_pruning(
    places: Places, copy: FolderDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once `pruned` is written nobody asks for what is below, whether its files are there or not."""
    planned = plan(places.log, copy, ONE, LATER)
    unlink, turns = Path.unlink, iter(range(10))

    def broken(path: Path, missing_ok: bool = False) -> None:
        if "tile" in path.parts and next(turns) == 2:
            raise OSError("power")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", broken)
    with pytest.raises(OSError, match="power"):
        prune(places.log, planned)
    monkeypatch.undo()
    assert verify(places.log).records == 900 - 768
    prune(places.log, plan(places.log, copy, ONE, LATER))
    assert [file.name for file in (places.log / "tile" / "entries").rglob("*") if file.is_file()] == ["132"]

"""Thousands of edits on a real log, one at a time: each is found, and what is put back verifies again."""

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.entry import encode
from audit.faults import LogFault
from audit.folder import Places, create
from audit.keys import read_vkeys
from audit.note import Signer, sign_note, split_note
from audit.tiles import bundles_at, pack_bundle, tiles_at, unpack_bundle
from audit.verify import LogDisagrees, Trust, verify
from tests.audit.reference_tlog import ReferenceLog
from tests.audit.samples import decision, event, outcome, small_entries
from tests.audit.sealed_logs import ORIGIN
from tests.audit.whole_logs import extend

SEALED = [encode(entry) for number in range(140) for entry in (decision(number), outcome(number))]
TAIL = small_entries(5)
CUTS = [1, 100, 256, 270]

Edit = Callable[[bytes, random.Random], bytes]


def flip(content: bytes, chance: random.Random) -> bytes:
    """One bit."""
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def swap(content: bytes, chance: random.Random) -> bytes:
    """Two pieces of the same length change places."""
    length = chance.randint(1, max(1, min(64, len(content) // 3)))
    one, other = sorted(chance.sample(range(0, len(content) - length + 1, length), 2))
    return (
        content[:one]
        + content[other : other + length]
        + content[one + length : other]
        + content[one : one + length]
        + content[other + length :]
    )


def insert(content: bytes, chance: random.Random) -> bytes:
    """Some bytes more, anywhere."""
    place = chance.randint(0, len(content))
    return content[:place] + chance.randbytes(chance.randint(1, 40)) + content[place:]


def truncate(content: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return content[: chance.randrange(len(content))]


def cut_out(content: bytes, chance: random.Random) -> bytes:
    """A piece is missing."""
    place = chance.randrange(len(content))
    return content[:place] + content[place + chance.randint(1, 64) :]


EDITS: list[Edit] = [flip, swap, insert, truncate, cut_out]


class LogUnderTest:
    """A log with a history and a tail, and the files of it that verification speaks about."""

    def __init__(self, folder: Path) -> None:
        self.places = create(Places.beside(folder / "log"), ORIGIN)
        for begin, end in itertools.pairwise([0, *CUTS, len(SEALED)]):
            extend(self.places, SEALED[begin:end])
        extend(self.places, [], TAIL)
        self.log = self.places.log
        self.trust = Trust(keys=read_vkeys(self.log))
        size = len(SEALED)
        self.files = [self.log / tile.path for tile in tiles_at(size)]
        self.files += [self.log / bundle.path for bundle in bundles_at(size)]
        self.files += [self.log / "checkpoint", self.log / "checkpoints/00000000", self.log / "acknowledged"]
        self.files += [max((self.log / "journal").iterdir())]

    def holds(self) -> bool:
        """Whether it verifies."""
        try:
            verify(self.log, trust=self.trust)
        except (LogDisagrees, LogFault):
            return False
        return True


@pytest.fixture
def tested(memory_folder: Path, monkeypatch: pytest.MonkeyPatch) -> LogUnderTest:
    """The log. An old checkpoint is not waited for: nobody writes here."""
    monkeypatch.setattr("audit.testimony.ENTERED_WITHIN_S", 0.0)
    return LogUnderTest(memory_folder)


def campaign(tested: LogUnderTest, edits: int, seed: int) -> None:
    """So many random edits, one after the other."""
    chance = random.Random(seed)
    assert tested.holds()
    for number in range(edits):
        file, edit = chance.choice(tested.files), chance.choice(EDITS)
        before = file.read_bytes()
        after = edit(before, chance)
        if after == before:
            continue
        file.write_bytes(after)
        assert not tested.holds(), (
            f"edit {number} ({edit.__name__}) of {file.relative_to(tested.log)} passed, seed {seed}"
        )
        file.write_bytes(before)
    assert tested.holds()


def test_random_edits(tested: LogUnderTest) -> None:
    """A bit, a swap, an insertion, a cut or a truncation anywhere in tiles, bundles, notes, journal: all are found."""
    campaign(tested, 1_500, seed=5)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10))
def test_many_random_edits(tested: LogUnderTest, seed: int) -> None:
    """As above, ten times three thousand."""
    campaign(tested, 3_000, seed=seed)


def test_files_taken_away_or_changed_for_others(tested: LogUnderTest) -> None:
    """Each file missing, and each tile or bundle with the content of another one: all are found."""
    for file in tested.files:
        before = file.read_bytes()
        file.unlink()
        assert not tested.holds(), file
        for other in tested.files:
            if other.exists() and other.read_bytes() != before:
                file.write_bytes(other.read_bytes())
                assert not tested.holds(), (file, other)
        file.write_bytes(before)
    assert tested.holds()


def test_entries_changed_for_each_other(tested: LogUnderTest) -> None:
    """A bundle that is well-formed, with two of its entries swapped, doubled or left out, against its tile."""
    chance = random.Random(1)
    for number in range(200):
        file = tested.log / chance.choice(["tile/entries/000", "tile/entries/001.p/24"])
        before = file.read_bytes()
        entries = unpack_bundle(before)
        one, other = chance.sample(range(len(entries)), 2)
        match number % 3:
            case 0:
                entries[one], entries[other] = entries[other], entries[one]
            case 1:
                entries[one] = entries[other]
            case _:
                del entries[one]
        file.write_bytes(pack_bundle(entries))
        assert not tested.holds()
        file.write_bytes(before)


def test_all_hashes_recomputed_without_the_key(tested: LogUnderTest) -> None:
    """Valid entries changed, all bundles and tiles recomputed: the signed roots disagree, whoever signs instead."""
    chance = random.Random(2)
    untouched = {file: file.read_bytes() for file in tested.files}
    notes = [split_note(untouched[tested.log / "checkpoint"])]
    for number in range(60):
        forged = list(SEALED)
        place = chance.randrange(len(forged))
        forged[place] = encode(event(50_000 + number))
        if place % 2 == 0:
            forged[place + 1] = encode(event(60_000 + number))
        reference = ReferenceLog(forged)
        for name, content in reference.files().items():
            (tested.log / name).write_bytes(content)
        assert not tested.holds()
        thief = bytes([number]) * 32
        (tested.log / "checkpoint").write_bytes(reference.checkpoint(ORIGIN, thief))
        assert not tested.holds()
        both = sign_note(notes[0][0], [Signer(ORIGIN, thief)])
        (tested.log / "checkpoint").write_bytes(both)
        assert not tested.holds()
        for file, content in untouched.items():
            file.write_bytes(content)
    assert tested.holds()


def test_old_checkpoints_put_back(tested: LogUnderTest) -> None:
    """Every older signed checkpoint in place of the newest, with or without the history cut to it.

    Cut together they make a log that once was: that is a rollback, and only a checkpoint kept elsewhere shows it.
    """
    newest = (tested.log / "checkpoint").read_bytes()
    history = (tested.log / "checkpoints/00000000").read_bytes()
    lines = history.splitlines(keepends=True)
    for kept in range(1, len(lines)):
        (tested.log / "checkpoint").write_bytes(json.loads(lines[kept - 1]).encode())
        assert not tested.holds()
        (tested.log / "checkpoints/00000000").write_bytes(b"".join(lines[:kept]))
        with pytest.raises((LogDisagrees, LogFault)):
            verify(tested.log, trust=Trust(keys=tested.trust.keys, against=(newest,)))
        (tested.log / "checkpoints/00000000").write_bytes(history)
        (tested.log / "checkpoint").write_bytes(newest)
    assert tested.holds()

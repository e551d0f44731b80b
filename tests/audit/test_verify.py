"""Verification: a sound log is summed up, a tampered one is named at the right entry."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from audit.client import AuditClient
from audit.cosigned import add_cosigned
from audit.entry import Entry, encode
from audit.faults import LogMissing, LogUnavailable
from audit.folder import ACKNOWLEDGED, Places, pack_mark
from audit.frames import FILE_HEAD, HEAD_BYTES, pack_frames
from audit.keys import Keyring, read_vkeys
from audit.note import COSIGNATURE, Signer, sign_note, split_note
from audit.published import PublishedFolder
from audit.retention import Pruned, write_pruned
from audit.rotation import rotation_entry
from audit.segments import segment_path
from audit.verify import LogDisagrees, Trust, verify, verify_published
from audit.writer import Writer
from tests.audit.conftest import StartWriter
from tests.audit.reference_tlog import ReferenceLog
from tests.audit.samples import NOW, decision, event, outcome, small_entries
from tests.audit.sealed_logs import ORIGIN, make_sealed, seal
from tests.audit.whole_logs import extend, make_whole

ENTRIES: list[Entry] = [
    event(),
    decision(1),
    decision(2, decision="deny"),
    outcome(1),
    decision(3),
    event(2),
    decision(4),
]
RECORDS = [encode(entry) for entry in ENTRIES]
WITNESS = Signer("witness.example/one", bytes(range(32)), COSIGNATURE)


def checkpoint_of(log: Path) -> bytes:
    return (log / "checkpoint").read_bytes()


def test_a_sound_log_is_summed_up(tmp_path: Path) -> None:
    """Counts by type, decision and outcome over the sealed part and the tail, and what the newest checkpoint says."""
    log = make_whole(tmp_path / "log", RECORDS[:3], RECORDS[3:]).log
    progress: list[int] = []
    report = verify(log, progress.append)
    assert (report.records, report.bytes, report.torn_bytes) == (7, sum(map(len, RECORDS)), 0)
    assert report.types == {"event": 2, "decision": 4, "outcome": 1}
    assert report.decisions == {("request", "allow"): 3, ("request", "deny"): 1}
    assert report.outcomes == {"completed": 1}
    assert report.open_intents == 2
    assert (report.origin, report.sealed, report.first) == (ORIGIN, 3, 0)
    assert report.root == ReferenceLog(RECORDS[:3]).root().hex()
    assert progress[-1] == 7


def test_every_entry_can_be_looked_at(tmp_path: Path) -> None:
    """`on_entry` hears of each entry with its number, sealed or not."""
    seen: list[tuple[int, Entry]] = []
    verify(
        make_whole(tmp_path / "log", RECORDS[:3], RECORDS[3:]).log,
        on_entry=lambda seq, entry: seen.append((seq, entry)),
    )
    assert seen == list(enumerate(ENTRIES))


def test_an_empty_log_is_sound_and_no_log_is_not(log: Path, tmp_path: Path) -> None:
    """Nothing recorded yet is fine; no log is an error."""
    assert verify(log).records == 0
    with pytest.raises(LogMissing):
        verify(tmp_path)


def test_a_torn_tail_is_reported_and_left_alone(tmp_path: Path) -> None:
    """Bytes of a write that nobody was told about are counted; verification changes nothing."""
    log = make_whole(tmp_path / "log", RECORDS[:3], RECORDS[3:]).log
    journal = max((log / "journal").iterdir())
    with journal.open("ab") as file:
        file.write(b"torn")
    before = journal.read_bytes()
    assert verify(log).torn_bytes == 4
    assert journal.read_bytes() == before


Tamper = Callable[[], list[bytes]]


def frames(records: list[bytes]) -> list[bytes]:
    """One frame for each record, every record a batch of its own."""
    return [pack_frames([record], place)[0] for place, record in enumerate(records)]


def offset_of(seq: int) -> int:
    """Where the record begins in an untouched journal."""
    return len(FILE_HEAD) + sum(HEAD_BYTES + len(record) for record in RECORDS[:seq])


def replaced(seq: int, record: bytes) -> list[bytes]:
    """The records with one of them replaced, so that framing and checksums are right."""
    return [*RECORDS[:seq], record, *RECORDS[seq + 1 :]]


TAIL: dict[str, tuple[Tamper, int, str]] = {
    "a bit flipped": (
        lambda: [f if n != 3 else f[:40] + b"~" + f[41:] for n, f in enumerate(frames(RECORDS))],
        3,
        "acknowledged",
    ),
    "a record cut out": (lambda: [f for n, f in enumerate(frames(RECORDS)) if n != 2], 2, "acknowledged"),
    "an outcome of nothing": (lambda: frames(replaced(3, encode(outcome(9)))), 3, "no earlier entry"),
    "a second decision": (lambda: frames(replaced(4, encode(decision(1)))), 4, "second decision"),
    "no entry at all": (lambda: frames(replaced(4, b"{}")), 4, "type"),
    "another spelling": (lambda: frames(replaced(0, RECORDS[0].replace(b":", b": ", 1))), 0, "canonical"),
}


@pytest.mark.parametrize("name", TAIL)
def test_a_tampered_tail_is_named(name: str, log: Path) -> None:
    """Framing, order and meaning of what is not sealed yet: the first record that is wrong is named."""
    tamper, seq, what = TAIL[name]
    segment_path(log, 0).write_bytes(FILE_HEAD + b"".join(tamper()))
    (log / ACKNOWLEDGED).write_bytes(pack_mark(len(RECORDS)))
    with pytest.raises(LogDisagrees, match=what) as caught:
        verify(log)
    assert caught.value.seq == seq
    assert caught.value.place == "journal"
    assert caught.value.offset == offset_of(seq)


def test_a_sealed_entry_is_named(tmp_path: Path) -> None:
    """One changed letter in a bundle: the entry's number and the tile that says otherwise."""
    log = make_sealed(tmp_path / "log", small_entries(300), [100, 256]).log
    bundle = log / "tile/entries/000"
    entries = small_entries(300)
    bundle.write_bytes(bundle.read_bytes().replace(entries[77], entries[77].replace(b"77", b"78")))
    with pytest.raises(LogDisagrees) as caught:
        verify(log)
    assert (caught.value.seq, caught.value.place) == (77, "tile/0/000")


def test_a_rewritten_history_without_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All hashes recomputed over other entries: no signature fits; and a checkpoint by another key is none.

    Without comparing roots with the signed notes both passed.
    """
    monkeypatch.setattr("audit.testimony.ENTERED_WITHIN_S", 0.1)
    log = make_sealed(tmp_path / "log", small_entries(300), [100]).log
    forged = small_entries(300)
    forged[150] = encode(event(9_999))
    for name, content in ReferenceLog(forged).files().items():
        (log / name).write_bytes(content)
    with pytest.raises(LogDisagrees, match="another one") as caught:
        verify(log)
    assert caught.value.seq == 100  # up to there a signed checkpoint still fits
    thief = Signer(ORIGIN, bytes(32))
    text = split_note(checkpoint_of(log))[0].replace(
        split_note(checkpoint_of(log))[0].split("\n")[2],
        split_note(ReferenceLog(forged).checkpoint(ORIGIN, bytes(32)))[0].split("\n")[2],
    )
    (log / "checkpoint").write_bytes(sign_note(text, [thief]))
    with pytest.raises(LogDisagrees, match="history"):
        verify(log)
    shutil.rmtree(log / "checkpoints")  # what a stranger sees
    with pytest.raises(LogDisagrees, match="the signature does not hold"):
        verify_published(PublishedFolder(log))


def test_an_old_checkpoint_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older signed checkpoint put in place of the newest does not pass beside the history."""
    monkeypatch.setattr("audit.testimony.ENTERED_WITHIN_S", 0.1)
    places = make_sealed(tmp_path / "log", small_entries(10))
    old = checkpoint_of(places.log)
    seal(places, small_entries(20)[10:], [20], after=small_entries(10))
    (places.log / "checkpoint").write_bytes(old)
    with pytest.raises(LogDisagrees, match="older than the last"):
        verify(places.log)


def test_whose_log_it_is(tmp_path: Path) -> None:
    """A key that the reader brings counts, not the one that lies beside the log; without any nothing is verified."""
    log = make_sealed(tmp_path / "log", small_entries(3)).log
    assert verify(log, trust=Trust(keys=read_vkeys(log))).sealed == 3
    with pytest.raises(LogDisagrees, match="no signature by a known key"):
        verify(log, trust=Trust(keys=(Signer(ORIGIN, bytes(32)).verifier,)))
    with pytest.raises(LogDisagrees, match="the key is of"):
        verify(log, trust=Trust(keys=(Signer("else.example", bytes(32)).verifier,)))
    (log / f"{read_vkeys(log)[0].key_id.hex()}.vkey").unlink()
    with pytest.raises(LogUnavailable, match="no key"):
        verify(log)


def test_a_whole_folder_put_back_is_only_seen_from_outside(tmp_path: Path) -> None:
    """A complete older state is consistent in itself and passes; against any later checkpoint it does not."""
    places = make_sealed(tmp_path / "log", small_entries(10))
    later = make_sealed(tmp_path / "later", small_entries(10))
    keys = later.keys / "current"
    keys.write_bytes((places.keys / "current").read_bytes())
    seal(later, small_entries(20)[10:], [20], after=small_entries(10))
    kept = checkpoint_of(later.log)
    assert verify(places.log).sealed == 10
    with pytest.raises(LogDisagrees, match="set back") as caught:
        verify(places.log, trust=Trust(against=(kept,)))
    assert caught.value.seq == 10


def test_against_an_older_checkpoint(tmp_path: Path) -> None:
    """A log that went on from a kept checkpoint passes; one whose beginning is another one does not."""
    log = make_sealed(tmp_path / "log", small_entries(300), [5, 290]).log
    notes = (log / "checkpoints/00000000").read_text()
    assert verify(log, trust=Trust(against=(checkpoint_of(log),))).checkpoints == 6
    key = read_vkeys(log)[0]
    other = make_sealed(tmp_path / "other", [b"{}", *small_entries(4)])
    with pytest.raises(LogDisagrees, match="signature"):
        verify(log, trust=Trust(keys=(key,), against=(checkpoint_of(other.log),)))
    assert (log / "checkpoints/00000000").read_text() == notes


def test_cosignatures_are_checked_and_counted(tmp_path: Path) -> None:
    """By witness, the largest size that it cosigned; a wrong cosignature of a named witness spoils the log."""
    log = make_sealed(tmp_path / "log", small_entries(30), [20]).log
    note = checkpoint_of(log)
    text = split_note(note)[0]
    add_cosigned(log, note + WITNESS.line(text, 5).encode(), has_quorum=True)
    assert verify(log, trust=Trust(witnesses=(WITNESS.verifier,))).cosigned == {"witness.example/one": 30}
    assert verify(log).cosigned == {}
    add_cosigned(log, note + WITNESS.line(text.replace("30", "31"), 5).encode(), has_quorum=True)
    with pytest.raises(LogDisagrees, match="cosigned/notes"):
        verify(log, trust=Trust(witnesses=(WITNESS.verifier,)))


def test_a_log_goes_on_beside_a_writer(tmp_path: Path) -> None:
    """A writer that seals while the log is read: what was published before is verified with what came after."""
    places = make_whole(tmp_path / "log", small_entries(600), [])
    with Writer(places) as writer:
        writer.append([encode(event(7_000))])
        assert verify(places.log).records == 601


def test_beside_a_writer_at_work(log: Path, socket_path: Path, start_writer: StartWriter) -> None:
    """While a writer appends, seals, fills tiles and drops segments, every look finds a log that holds together.

    It did not while the published checkpoint was expected in the history at once: it is entered a moment later.
    """
    start_writer()
    trust, looks = Trust(keys=read_vkeys(log)), list[int]()

    async def append_and_look() -> None:
        client = await AuditClient.connect(socket_path)
        looking = asyncio.create_task(asyncio.to_thread(look))
        number = 0
        while not looking.done():
            burst = [event(number + place) for place in range((1, 3, 100, 257)[number % 4])]
            await asyncio.gather(*(client.append(entry) for entry in burst))
            number += 1
            await asyncio.sleep(0.01)
        await looking
        await client.close()

    def look() -> None:
        while len(set(looks)) < 5:  # five different checkpoints: two seconds and a half
            looks.append(verify(log, trust=trust).sealed)
            looks.append(verify_published(PublishedFolder(log), trust=trust).sealed)

    asyncio.run(append_and_look())
    assert looks == sorted(looks)


def test_a_copy_is_verified_without_a_journal(tmp_path: Path) -> None:
    """Only what is published counts for a stranger: the tail is not part of it."""
    places = make_whole(tmp_path / "log", RECORDS[:3], RECORDS[3:])
    report = verify_published(PublishedFolder(places.log))
    assert (report.records, report.sealed) == (3, 3)


def rotate(places: Places) -> int:
    """Replace the log's key as the writer does; the number of the entry that says so."""
    with Writer(places) as writer:
        entry = writer.keys.begin_rotation(NOW)
        writer.keys.rotated_at = writer.append([encode(entry)])
        return writer.keys.rotated_at


def test_a_rotated_key_is_followed(tmp_path: Path) -> None:
    """From the first key on every rotation is followed; the key that was replaced signs nothing any more.

    Without the rule an old key, stolen after its time, could sign what the log never was.
    """
    places = make_whole(tmp_path / "log", RECORDS[:3])
    trust = Trust(keys=read_vkeys(places.log))
    old = Keyring(places.keys).current
    first = rotate(places)
    extend(places, RECORDS[3:5])
    second = rotate(places)
    extend(places, RECORDS[5:])
    assert len(read_vkeys(places.log)) == 3
    report = verify(places.log, trust=trust)
    assert report.rotations == (first, second) == (3, 6)
    assert report.records == len(RECORDS) + 2
    shutil.rmtree(places.log / "checkpoints")
    text = split_note(checkpoint_of(places.log))[0]
    (places.log / "checkpoint").write_bytes(sign_note(text, [old]))
    with pytest.raises(LogDisagrees, match="known key"):
        verify_published(PublishedFolder(places.log), trust=trust)


def test_a_rotation_that_nobody_signed_means_nothing(tmp_path: Path) -> None:
    """Whoever may append could write such an entry: without the old key's note the old key stays in force."""
    thief = Signer(ORIGIN, bytes(32))
    entry = rotation_entry(thief, Signer(ORIGIN, bytes([1]) * 32).verifier, NOW)
    log = make_whole(tmp_path / "log", [encode(entry), *RECORDS]).log
    report = verify(log, trust=Trust(keys=read_vkeys(log)))
    assert (report.rotations, report.records) == ((), 8)


def test_a_beginning_that_was_dropped(tmp_path: Path) -> None:
    """What was pruned is not read; the tiles above it, every later entry and every later root still are.

    A tile of level 1 that does not fit, or a checkpoint that covers less than was dropped, is found.
    """
    places = make_sealed(tmp_path / "log", small_entries(700), [100, 600])
    log, note = places.log, checkpoint_of(places.log)
    for name in ("tile/entries/000", "tile/0/000", "tile/entries/001", "tile/0/001"):
        (log / name).unlink()
    with pytest.raises(LogDisagrees, match="missing"):
        verify_published(PublishedFolder(log))
    pruned = Pruned(first=512, shipped_to="a copy", witnessed=True, checkpoint=note.decode())
    write_pruned(log, pruned)
    report = verify_published(PublishedFolder(log))
    assert (report.first, report.records, report.sealed) == (512, 188, 700)
    with pytest.raises(LogDisagrees, match="no witness that you name"):
        verify_published(PublishedFolder(log), trust=Trust(witnesses=(WITNESS.verifier,)))
    small = json.loads((log / "checkpoints/00000000").read_text().splitlines()[1])
    write_pruned(log, msgspec.structs.replace(pruned, checkpoint=small))
    with pytest.raises(LogDisagrees, match="behind a checkpoint of 100"):
        verify_published(PublishedFolder(log))
    write_pruned(log, msgspec.structs.replace(pruned, first=1024))
    with pytest.raises(LogDisagrees, match="the log has 700"):
        verify_published(PublishedFolder(log))
    write_pruned(log, pruned)
    tile = log / "tile/1/000.p/2"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    with pytest.raises(LogDisagrees, match="another one"):
        verify_published(PublishedFolder(log))


def test_a_history_that_is_gone(tmp_path: Path) -> None:
    """A log without any older checkpoint, or one whose sizes shrink, does not pass as a log."""
    log = make_sealed(tmp_path / "log", small_entries(30), [10, 20]).log
    history = log / "checkpoints/00000000"
    lines = history.read_bytes().splitlines(keepends=True)
    history.write_bytes(b"".join([lines[0], lines[2], lines[1], lines[3]]))
    with pytest.raises(LogDisagrees, match="an older one has 20"):
        verify(log)
    history.write_bytes(b"")
    with pytest.raises(LogDisagrees, match="history is gone"):
        verify(log)

"""Verification: a sound log is summed up, a tampered one is named at the right record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audit.entry import Entry, encode
from audit.faults import LogMissing
from audit.folder import ACKNOWLEDGED, JOURNAL, pack_mark
from audit.frames import FILE_HEAD, HEAD_BYTES, pack_frames
from audit.verify import LogDisagrees, Report, verify
from tests.audit.samples import decision, event, make_log, outcome

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


def frames(records: list[bytes]) -> list[bytes]:
    """One frame for each record, every record a batch of its own."""
    return [pack_frames([record], place)[0] for place, record in enumerate(records)]


def offset_of(seq: int) -> int:
    """Where the record begins in an untouched journal."""
    return len(FILE_HEAD) + sum(HEAD_BYTES + len(record) for record in RECORDS[:seq])


def replaced(seq: int, record: bytes) -> list[bytes]:
    """The records with one of them replaced, so that framing and checksums are right."""
    return [*RECORDS[:seq], record, *RECORDS[seq + 1 :]]


def test_a_sound_log_is_summed_up(tmp_path: Path) -> None:
    """Counts by type, decision and outcome, and how many intents are open."""
    progress: list[int] = []
    report = verify(make_log(tmp_path / "log", [RECORDS[:3], RECORDS[3:]]), progress.append)
    assert report == Report(
        records=7,
        bytes=offset_of(7),
        torn_bytes=0,
        types={"event": 2, "decision": 4, "outcome": 1},
        decisions={("request", "allow"): 3, ("request", "deny"): 1},
        outcomes={"completed": 1},
        open_intents=2,
    )
    assert progress == [7]


def test_an_empty_log_is_sound_and_no_log_is_not(log: Path, tmp_path: Path) -> None:
    """Nothing recorded yet is fine; no log is an error."""
    assert verify(log).records == 0
    with pytest.raises(LogMissing):
        verify(tmp_path)


def test_a_torn_tail_is_reported_and_left_alone(tmp_path: Path) -> None:
    """Bytes of a write that nobody was told about are counted; verification changes nothing."""
    folder = make_log(tmp_path / "log", [RECORDS])
    with (folder / JOURNAL).open("ab") as journal:
        journal.write(b"torn")
    before = (folder / JOURNAL).read_bytes()
    assert verify(folder).torn_bytes == 4
    assert (folder / JOURNAL).read_bytes() == before


Tamper = Callable[[], list[bytes]]
TAMPERED: dict[str, tuple[Tamper, int, str]] = {
    "a bit flipped": (
        lambda: [f if n != 3 else f[:40] + b"~" + f[41:] for n, f in enumerate(frames(RECORDS))],
        3,
        "acknowledged",
    ),
    "a record left out": (lambda: [f for n, f in enumerate(frames(RECORDS)) if n != 2], 2, "acknowledged"),
    "two records swapped": (lambda: [frames(RECORDS)[n] for n in (0, 2, 1, 3, 4, 5, 6)], 1, "acknowledged"),
    "a record twice": (lambda: [frames(RECORDS)[n] for n in (0, 1, 1, 2, 3, 4, 5, 6)], 2, "acknowledged"),
    "the last record cut off": (lambda: frames(RECORDS)[:-1], 6, "acknowledged"),
    "all records cut off": (list, 0, "acknowledged"),
    "a denial made an allow, not canonical": (
        lambda: frames(replaced(2, RECORDS[2].replace(b'"deny"', b'"allow" '))),
        2,
        "canonical",
    ),
    "the decision of an outcome made a denial": (
        lambda: frames(replaced(1, encode(decision(1, decision="deny")))),
        3,
        "without a durable allow",
    ),
    "the decision of an outcome replaced": (
        lambda: frames(replaced(1, encode(decision(9)))),
        3,
        "no earlier entry",
    ),
    "an outcome invented": (lambda: frames(replaced(5, encode(outcome(2)))), 5, "without a durable allow"),
    "an outcome repeated": (lambda: frames(replaced(4, encode(outcome(1)))), 4, "second outcome"),
    "a decision repeated": (lambda: frames(replaced(6, encode(decision(3)))), 6, "second decision"),
    "not an entry": (lambda: frames(replaced(5, b"hello")), 5, "malformed"),
    "an unknown field": (
        lambda: frames(replaced(5, RECORDS[5].replace(b'"v":1', b'"v":1,"w":1'))),
        5,
        "unknown field",
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_the_first_record_that_disagrees_is_named(tmp_path: Path, case: str) -> None:
    """Number, place in bytes and reason of the first wrong record."""
    tamper, seq, complaint = TAMPERED[case]
    folder = make_log(tmp_path / "log", [RECORDS])
    (folder / JOURNAL).write_bytes(FILE_HEAD + b"".join(tamper()))
    with pytest.raises(LogDisagrees, match=complaint) as caught:
        verify(folder)
    assert caught.value.seq == seq
    if case != "the decision of an outcome replaced" and "made" not in case:
        assert caught.value.offset == offset_of(seq)


def test_a_tampered_head_or_mark_is_named(tmp_path: Path) -> None:
    """A journal that does not begin as one, and a mark that was set back wrongly or forward, are noticed."""
    folder = make_log(tmp_path / "log", [RECORDS])
    (folder / ACKNOWLEDGED).write_bytes(pack_mark(8))
    with pytest.raises(LogDisagrees, match="8 records"):
        verify(folder)
    (folder / ACKNOWLEDGED).write_bytes(b"?")
    with pytest.raises(LogDisagrees, match="checksum"):
        verify(folder)
    (folder / ACKNOWLEDGED).write_bytes(pack_mark(7))
    (folder / JOURNAL).write_bytes(b"x" + (folder / JOURNAL).read_bytes()[1:])
    with pytest.raises(LogDisagrees, match="does not begin"):
        verify(folder)

"""Reads a whole log and says whether it holds together, and if not, which entry or file disagrees first.

Recomputes everything from the entries up: bundles, tiles, roots (`recomputation`), every checkpoint that was ever signed or
cosigned (`statements`), the keys in force (`trust`), what entries say about each other (`ledger`), then what is not
sealed yet. Memory is flat but for the ledger's ids of decisions.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit.checkpoints import latest_checkpoints
from audit.disagreement import LogDisagrees
from audit.examination import Examination, OnEntry
from audit.faults import DamagedJournal, DamagedLog, LogMissing, LogUnavailable
from audit.keys import read_vkeys
from audit.ledger import Ledger
from audit.merkle import EMPTY_ROOT
from audit.note import NoteInvalid
from audit.published import CHECKPOINT, Published, PublishedFolder
from audit.reader import JournalReader
from audit.recomputation import Recomputation
from audit.retention import first_kept
from audit.segments import segments_of
from audit.statements import Statement, StatementInvalid
from audit.testimony import newest_checkpoint, statements_about
from audit.trust import KeysInForce, Trust

__all__ = ["LogDisagrees", "Report", "Trust", "verify", "verify_published"]

PROGRESS_EVERY: Final = 10_000
OnProgress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a log that holds together contains.

    records: entries that were read. bytes: of these entries. torn_bytes: at the end, of a write nobody was told about.
    types: entries by type. decisions: by (kind, decision). outcomes: by result. open_intents: allowed requests with no
    outcome (under way, or a crash came between). origin, sealed, root (hexadecimal): what the newest checkpoint says. first: the
    first entry that is still there. checkpoints: signed notes that were checked. cosigned: by witness, the largest
    size that it cosigned. rotations: where the log's key was replaced.
    """

    records: int
    bytes: int
    torn_bytes: int
    types: Mapping[str, int]
    decisions: Mapping[tuple[str, str], int]
    outcomes: Mapping[str, int]
    open_intents: int
    origin: str = ""
    sealed: int = 0
    root: str = EMPTY_ROOT.hex()
    first: int = 0
    checkpoints: int = 0
    cosigned: Mapping[str, int] = field(default_factory=dict)
    rotations: tuple[int, ...] = ()


def verify(
    folder: Path,
    on_progress: OnProgress | None = None,
    *,
    trust: Trust | None = None,
    on_entry: OnEntry | None = None,
) -> Report:
    """Check the log in `folder`, beside a running writer too. `on_progress` hears how many entries were read.

    Raises LogDisagrees for the first thing that is wrong, LogMissing where there is no log, LogUnavailable where a
    file cannot be read.
    """
    if not segments_of(folder):
        raise LogMissing(f"there is no log in {folder}")
    if not latest_checkpoints(folder, 1):
        raise LogDisagrees(
            seq=None, place="checkpoints", what="the history is gone: every log has one from its birth on"
        )
    return _verify(
        PublishedFolder(folder), folder, _Watch(on_progress, on_entry), trust or Trust(), tail=True
    )


def verify_published(
    published: Published,
    on_progress: OnProgress | None = None,
    *,
    trust: Trust | None = None,
    on_entry: OnEntry | None = None,
) -> Report:
    """Check what a log publishes, in a copy's folder or at a web address: the sealed part, as any stranger sees it.

    A folder's history of checkpoints and cosignatures is checked where it is there; from an address only the newest
    checkpoint can be had, and `trust` must name the keys. Raises as `verify` does.
    """
    folder = published.folder if isinstance(published, PublishedFolder) else None
    return _verify(published, folder, _Watch(on_progress, on_entry), trust or Trust(), tail=False)


@dataclass(frozen=True, slots=True)
class _Watch:
    on_progress: OnProgress | None
    on_entry: OnEntry | None


def _verify(published: Published, folder: Path | None, watch: _Watch, trust: Trust, *, tail: bool) -> Report:
    try:
        newest = newest_checkpoint(published, folder)
        first = _first_kept(folder, newest)
        examination = _begin(newest, folder, first, trust, watch.on_entry)
        take = _watched(examination, watch.on_progress)
        recomputation = Recomputation(published, newest.size, first, take)
        _examine_sealed(recomputation, examination, statements_about(newest, folder, trust), newest.size)
        torn = _examine_tail(folder, newest.size, examination) if tail and folder is not None else 0
    except StatementInvalid as error:
        raise LogDisagrees(seq=None, place="checkpoint", what=str(error)) from error
    except DamagedJournal as damage:
        raise LogDisagrees(
            seq=damage.seq, place="journal", what=str(damage), offset=damage.offset
        ) from damage
    except DamagedLog as damage:
        raise LogDisagrees(seq=None, place=str(folder), what=str(damage)) from damage
    if watch.on_progress is not None:
        watch.on_progress(examination.entries)
    return _report(examination, newest, first, torn)


def _first_kept(folder: Path | None, newest: Statement) -> int:
    first = first_kept(folder) if folder is not None else 0
    if first > newest.size:
        raise StatementInvalid(f"pruned: {first} entries were dropped, the log has {newest.size}")
    return first


def _begin(
    newest: Statement, folder: Path | None, first: int, trust: Trust, on_entry: OnEntry | None
) -> Examination:
    try:
        keys = trust.keys or (read_vkeys(folder) if folder is not None else ())
    except (NoteInvalid, OSError) as error:
        raise LogDisagrees(seq=None, place="*.vkey", what=str(error)) from error
    if not keys:
        raise LogUnavailable("no key to check signatures with: name the log's key (--key)")
    own = tuple(key for key in keys if key.name == newest.checkpoint.origin)
    if not own:
        what = f"it is the log {newest.checkpoint.origin!r:.80}, the key is of {keys[0].name!r:.80}"
        raise LogDisagrees(seq=None, place=CHECKPOINT, what=what)
    return Examination(
        newest.checkpoint.origin,
        KeysInForce(own),
        trust.witnesses,
        Ledger(whole=first == 0),
        on_entry,
        agreed=first,
    )


def _examine_sealed(
    recomputation: Recomputation, examination: Examination, statements: Iterator[Statement], limit: int
) -> None:
    first = recomputation.size
    for due in statements:
        if due.size > limit:
            what = f"it has {due.size} entries, the log ends at {limit}: entries were taken away, the log was set back"
            raise LogDisagrees(seq=limit, place=due.place, what=what)
        if due.size < first:
            continue  # its tree cannot be recomputed: what it is made of was pruned
        recomputation.advance_to(due.size)
        examination.hold_against(due, recomputation.root())
    recomputation.finish()


def _examine_tail(folder: Path, sealed: int, examination: Examination) -> int:
    """What no checkpoint covered when we began. The bytes of a torn tail."""
    with JournalReader(folder, sealed) as journal:
        for frame in journal.frames():
            examination.take(frame.seq, frame.payload, place="journal", offset=frame.offset)
        return journal.torn_bytes


def _watched(examination: Examination, on_progress: OnProgress | None) -> Callable[[int, bytes], None]:
    """Takes entries into the examination, and tells `on_progress` now and then."""
    if on_progress is None:
        return examination.take

    def take(seq: int, encoded: bytes) -> None:
        examination.take(seq, encoded)
        if examination.entries % PROGRESS_EVERY == 0:
            on_progress(examination.entries)

    return take


def _report(examination: Examination, newest: Statement, first: int, torn: int) -> Report:
    ledger = examination.ledger
    return Report(
        records=examination.entries,
        bytes=examination.entry_bytes,
        torn_bytes=torn,
        types=dict(ledger.types),
        decisions=dict(ledger.decisions),
        outcomes=dict(ledger.outcomes),
        open_intents=ledger.open_intents,
        origin=newest.checkpoint.origin,
        sealed=newest.size,
        root=newest.checkpoint.root.hex(),
        first=first,
        checkpoints=examination.statements,
        cosigned=dict(examination.cosigned),
        rotations=tuple(examination.keys.rotations),
    )

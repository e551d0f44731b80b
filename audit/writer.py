"""The single writer of one log: the lock, the journal, and the tree over it.

Promises that two writers never hold one log, also if one of them is another process or another user (the kernel
drops the locks when the process ends, however it ends), and that nothing is served before what was signed, what is
on the disk and the journal have been found to agree.
"""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from audit.checkpoint import Checkpoint
from audit.checkpoints import latest_checkpoints
from audit.edge import Edge
from audit.entry import EventEntry, decode
from audit.faults import DamagedLog, LogBehind, LogLocked, LogMissing, LogPoisoned
from audit.files import remove_all
from audit.folder import Places
from audit.journal import Journal
from audit.keys import Keyring
from audit.merkle import leaf_hash
from audit.note import NoteInvalid, Opened, open_note
from audit.publisher import Publisher
from audit.retention import first_kept
from audit.sealed import read_bundle, read_checkpoint, read_tile, sealed_records
from audit.segments import no_log, segments_of
from audit.signed import CHECKPOINT, SignedStore, checkpoint_of
from audit.tiles import HASHES, Bundle
from audit.tree import Tree

PID_FILE: Final = "writer.pid"
_BATCH: Final = 4_096  # records that are taken into the tree at once at the start


class Writer:
    """Holds the log from construction to `close`."""

    def __init__(self, log: Path | Places) -> None:
        """Lock, verify, replay, seal what a crash left unsealed.

        Raises LogMissing, LogOfOldForm, LogLocked, KeyRefused, DamagedLog, LogBehind or LogPoisoned.
        """
        places = log if isinstance(log, Places) else Places.beside(log)
        with ExitStack() as held:
            try:
                held.callback(os.close, _lock_folder(places.log))
                self._open(places, held)
            except OSError as error:
                raise LogPoisoned(f"{places.log}: cannot make the log ready: {error}") from error
            self._held = held.pop_all()

    def append(self, payloads: Sequence[bytes]) -> int:
        """Make entries durable that `check` let pass; the number of the first. Raises LogPoisoned."""
        return self.journal.append(payloads)

    def read(self, first: int, count: int, max_bytes: int) -> list[tuple[int, bytes]]:
        """Up to `count` durable records from `first` on: at least one if there is one, then up to `max_bytes`.

        Raises OSError or DamagedLog where they cannot be read.
        """
        if first >= self.journal.first:
            return self.journal.read(first, count, max_bytes)
        records: list[tuple[int, bytes]] = []
        kept, size = first_kept(self.folder), read_checkpoint(self.folder).size
        for seq, entry in islice(sealed_records(self.folder, max(first, kept), size), count):
            max_bytes -= len(entry)
            if records and max_bytes < 0:
                break
            records.append((seq, entry))
        return records

    def close(self) -> None:
        """Let go of the log."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, places: Places, held: ExitStack) -> None:
        self.folder = places.log
        segments_of(places.log)  # says that there is no log, or an old one, before anything else is missing
        self.keys = Keyring(places.keys)
        store = held.enter_context(SignedStore(places.signed))
        signed = _check_signature(store.note, self.keys)
        last = checkpoint_of(store.note)
        self.tree = _read_tree(places, last)
        _check_published(places, store.note)
        self.journal = Journal.open_recovered(places.log, last.size)
        held.callback(self.journal.close)
        self._recall_rotation(signed, last.size)
        self.publisher = Publisher(places.log, self.keys, store)
        held.callback(self.publisher.close)
        self._seal_tail(last.size)

    def _recall_rotation(self, signed: Opened, sealed: int) -> None:
        """Where a crash left a rotation of the key under way, find out how far it came."""
        if self.keys.next is None:
            return
        entries = enumerate(map(decode, self.journal.payloads(sealed)), sealed)
        events = ((seq, entry) for seq, entry in entries if isinstance(entry, EventEntry))
        self.keys.recall_rotation(events, [signature.by for signature in signed.signatures])

    def _seal_tail(self, sealed: int) -> None:
        """Publish what was signed last, then seal what the journal holds beyond it: a full disk shows here."""
        self.publisher.catch_up()
        remove_all(self.journal.let_go(sealed))
        batch: list[bytes] = []
        for payload in self.journal.payloads(sealed):
            batch.append(payload)
            if len(batch) == _BATCH:
                self.tree.grow(batch)
                batch = []
        self.tree.grow(batch)
        if self.tree.pending:
            self.publisher.publish(self.tree.cut())


def check(payload: bytes) -> None:
    """Raise EntryInvalid unless the payload is a canonical entry: what is in the log cannot be mended later."""
    decode(payload)


def _lock_folder(folder: Path) -> int:
    """Lock the folder itself: unlike a lock file it cannot be removed and made anew behind our back."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LogMissing(no_log(folder)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        holder = _read_holder(folder / PID_FILE)
        raise LogLocked(
            f"{folder} is held by another audit writer (pid {holder}): stop that one first"
        ) from error
    with contextlib.suppress(OSError):  # text for people: on a full disk the lock still counts
        (folder / PID_FILE).write_text(f"{os.getpid()}\n", encoding="ascii")
    return descriptor


def _read_holder(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip() or "unknown"
    except (OSError, ValueError):
        return "unknown"


def _check_signature(note: bytes, keys: Keyring) -> Opened:
    """The note in the store, opened with our own keys. Raises LogBehind."""
    try:
        opened = open_note(note, keys.verifiers)
    except NoteInvalid as error:
        raise LogBehind(f"the last signed checkpoint is not by this log's key: {error}") from error
    if checkpoint_of(note).origin != keys.name:
        raise LogBehind(f"the last signed checkpoint speaks about another log than {keys.name}")
    return opened


def _read_tree(places: Places, signed: Checkpoint) -> Tree:
    """The tree as it was signed last, from its right edge on the disk. Raises LogBehind unless the disk holds it."""
    try:
        edge = Edge.at(signed.size, lambda tile: read_tile(places.log, tile))
        number, width = divmod(signed.size, HASHES)
        entries = read_bundle(places.log, Bundle(number, width)) if width else []
    except DamagedLog as damage:
        raise LogBehind(
            f"{places.signed} says that a checkpoint of {signed.size} entries was signed, and the log's folder does "
            f"not hold them: {damage.what}"
        ) from damage
    if edge.root() != signed.root or [leaf_hash(entry) for entry in entries] != list(edge.leaves):
        raise LogBehind(
            f"the tree in {places.log} is not the one of which {signed.size} entries were signed: another root"
        )
    return Tree(edge, entries)


def _check_published(places: Places, signed: bytes) -> None:
    """Raise LogBehind unless the published checkpoint is the last signed one, or the one before, after a crash."""
    try:
        published = read_checkpoint(places.log)
        known = {signed, *latest_checkpoints(places.log, 1)}
        found = (places.log / CHECKPOINT).read_bytes()
    except DamagedLog as damage:
        raise LogBehind(damage.what) from damage
    size = checkpoint_of(signed).size
    if published.size > size:
        raise LogBehind(
            f"{places.log} publishes a checkpoint of {published.size} entries, but the last that {places.signed} "
            f"knows of has {size}"
        )
    if found not in known:
        raise LogBehind(
            f"{places.log / CHECKPOINT} is not a checkpoint that this log's writer published last"
        )

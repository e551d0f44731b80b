"""Puts a sealing on the disk and its checkpoint before the world, in the one order that survives a crash anywhere.

Runs on one thread at a time, never on the loop's. Promises that whoever reads a checkpoint finds every file that it
speaks about, and that nothing was signed which the store apart does not know.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from audit.checkpoint import Checkpoint
from audit.checkpoints import History, latest_checkpoints
from audit.files import remove_all, replace_durably, write_together
from audit.keys import Keyring
from audit.note import NoteInvalid, Verifier, open_note, sign_note
from audit.signed import CHECKPOINT, SignedStore, checkpoint_of
from audit.tiles import HASHES, Bundle, Tile, pack_bundle, pack_tile
from audit.tree import Sealing

SYNC_THREADS: Final = 8
_PARTIAL: Final = ".p"


class Publisher:
    """Holds the history and uses the store and the keys; the caller holds the log's lock."""

    def __init__(self, log: Path, keys: Keyring, store: SignedStore) -> None:
        """Raises DamagedLog or OSError."""
        self._log = log
        self._keys = keys
        self._store = store
        self._history = History(log)
        self._threads = ThreadPoolExecutor(SYNC_THREADS, thread_name_prefix="sync")

    def publish(self, sealing: Sealing, obsolete: Sequence[Path] = ()) -> None:
        """Write, sign and publish; then remove what it makes superfluous, and the `obsolete` segments.

        The records are durable in the journal already. Raises OSError, LogBehind.
        """
        parts: list[tuple[Bundle | Tile, bytes]]
        parts = [(bundle, pack_bundle(entries)) for bundle, entries in sealing.bundles]
        parts += [(tile, pack_tile(hashes)) for tile, hashes in sealing.tiles]
        write_together(self._log, [(part.path, content) for part, content in parts], self._threads)
        # Crash up to here: files beyond the checkpoint, which nobody reads; the next start writes them again.
        text = Checkpoint(self._keys.name, sealing.size, sealing.root).text()
        self._store.swap(sign_note(text, self._keys.signers(sealing.size)))
        # Crash here: signed and not published. The files are there, so the next start publishes it (`catch_up`).
        self._publish_stored()
        self._remove_partial([part for part, _ in parts if part.width == HASHES])
        remove_all(obsolete)

    def catch_up(self) -> None:
        """At the start: publish what was signed last, if a crash came between, and tidy up. Raises OSError, LogBehind.

        All is written once more, also where it reads well: after a failed sync it may stand in memory only.
        """
        self._store.swap(self._store.note)
        self._publish_stored()
        sizes = [checkpoint_of(note).size for note in latest_checkpoints(self._log, 2)]
        self._remove_partial(list(_full_between(sizes[0], sizes[-1])))

    def close(self) -> None:
        """Let go of the files and threads."""
        self._threads.shutdown()
        self._history.close()

    def _publish_stored(self) -> None:
        """Publish what the store holds. May be repeated: what was done already is left as it is."""
        note = self._store.note
        replace_durably(self._log / CHECKPOINT, note)
        # Crash here: published, and not in the history yet. The store holds it still, and the next start enters it.
        if self._history.latest != note:
            self._history.append(note)
        rotated = self._keys.next
        if rotated is not None and _is_signed_by(note, rotated.verifier):
            self._keys.finish_rotation(self._log)

    def _remove_partial(self, full: Sequence[Tile | Bundle]) -> None:
        """Remove the partial forerunners of files that are full and behind a checkpoint now."""
        for part in full:
            folder = f"{self._log}/{part.path}{_PARTIAL}"
            if os.path.isdir(folder):  # noqa: PTH112  # for each full tile: paths as text cost a tenth
                remove_all(list(Path(folder).iterdir()))
                Path(folder).rmdir()


def _full_between(old: int, new: int) -> Iterator[Tile | Bundle]:
    """The tiles and bundles that are full in the tree of size `new` and were not in that of size `old`."""
    for number in range(old // HASHES, new // HASHES):
        yield Bundle(number)
    level = 0
    while new := new // HASHES:
        old //= HASHES
        for number in range(old, new):
            yield Tile(level, number)
        level += 1


def _is_signed_by(note: bytes, verifier: Verifier) -> bool:
    try:
        open_note(note, [verifier])
    except NoteInvalid:
        return False
    return True

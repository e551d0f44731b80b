"""Which key signs a log's checkpoints, from its first entry on, and whom a reader trusts to begin with.

Pure. Promises that a key is in force only if a chain of rotations (`rotation`) leads to it from a key that the reader
trusts, and that a key that was replaced is not in force any more.
"""

from dataclasses import dataclass, field

from audit.entry import Entry, EventEntry
from audit.note import NoteInvalid, Verifier
from audit.rotation import EVENT, new_key_of


@dataclass(frozen=True, slots=True)
class Trust:
    """What a reader brings along.

    keys: of the log; empty means those that lie beside it, which shows that it holds together, not whose it is.
    witnesses: whose cosignatures are checked and counted. against: checkpoints (signed notes) that the reader, or a
    witness, kept from earlier: the log must still begin with each of them.
    """

    keys: tuple[Verifier, ...] = ()
    witnesses: tuple[Verifier, ...] = ()
    against: tuple[bytes, ...] = ()


@dataclass(slots=True)
class KeysInForce:
    """Takes entries in one after the other; `now` are the keys of which one must sign a checkpoint of this size."""

    now: tuple[Verifier, ...]
    rotations: list[int] = field(default_factory=list)

    def enter(self, seq: int, entry: Entry) -> None:
        """Take an entry in. A rotation that no key in force vouches for means nothing."""
        if isinstance(entry, EventEntry) and entry.event == EVENT:
            try:
                self.now = (new_key_of(entry, self.now),)
            except NoteInvalid:
                return
            self.rotations.append(seq)

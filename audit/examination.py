"""What a log is asked while it is read: is each entry valid, do entries fit each other, is each signature right.

Pure. Takes entries in order and, in between, statements about the tree of that moment. Promises that nothing is
counted that was not checked, and that the first thing that is wrong is named.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from audit.disagreement import LogDisagrees
from audit.entry import Entry, EntryInvalid, decode
from audit.ledger import Ledger
from audit.note import COSIGNATURE, NoteInvalid, Opened, Verifier, open_note
from audit.statements import Statement
from audit.trust import KeysInForce

OnEntry = Callable[[int, Entry], None]
SEALED: Final = "sealed"


@dataclass(slots=True)
class Examination:
    """The state of one reading. `origin` is the log's name; `agreed` the size of the last statement that fitted."""

    origin: str
    keys: KeysInForce
    witnesses: tuple[Verifier, ...]
    ledger: Ledger
    on_entry: OnEntry | None = None
    agreed: int = 0
    entries: int = 0
    entry_bytes: int = 0
    statements: int = 0
    cosigned: dict[str, int] = field(default_factory=dict)

    def take(self, seq: int, encoded: bytes, *, place: str = SEALED, offset: int = -1) -> None:
        """Take entry number `seq` in. Raises LogDisagrees."""
        try:
            entry = decode(encoded)
            self.ledger.enter(entry)
        except EntryInvalid as error:
            raise LogDisagrees(seq=seq, place=place, what=str(error), offset=offset) from error
        self.keys.enter(seq, entry)
        self.entries += 1
        self.entry_bytes += len(encoded)
        if self.on_entry is not None:
            self.on_entry(seq, entry)

    def hold_against(self, found: Statement, root: bytes) -> None:
        """Compare a statement with the tree of its size, whose root is `root`. Raises LogDisagrees."""
        checkpoint = found.checkpoint
        if checkpoint.origin != self.origin:
            what = f"it speaks of the log {checkpoint.origin!r:.80}, this is {self.origin!r:.80}"
            raise LogDisagrees(seq=None, place=found.place, what=what)
        opened = self._open(found)
        if checkpoint.root != root:
            raise LogDisagrees(
                seq=self.agreed,
                place=found.place,
                what=f"the tree of {checkpoint.size} entries that was signed is another one: entry {self.agreed} or one of "
                "those that follow it was changed, with the tiles above it",
            )
        self.agreed = checkpoint.size
        self.statements += 1
        for one in opened.signatures:
            if one.by in self.witnesses and one.by.type == COSIGNATURE:
                self.cosigned[one.by.name] = checkpoint.size

    def _open(self, found: Statement) -> Opened:
        try:
            opened = open_note(found.note, (*self.keys.now, *self.witnesses))
        except NoteInvalid as error:
            raise LogDisagrees(
                seq=None, place=found.place, what=f"the signature does not hold: {error}"
            ) from error
        if not any(one.by in self.keys.now for one in opened.signatures):
            raise LogDisagrees(seq=None, place=found.place, what="the log's key in force has not signed it")
        return opened

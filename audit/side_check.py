"""Whether what should stand beside the log stands there: takes entries in one after the other, as `verify` reads them.

Promises that a document that is gone without an entry that says that it was forgotten is named, and that one that was
changed is too. Memory: one digest for each document that is gone.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit import side_store
from audit.disagreement import LogDisagrees
from audit.entry import DecisionEntry, Entry, EventEntry

FORGOTTEN: Final = "input.forgotten"
"""The event that says that the input of a decision was forgotten. Its detail: `decision`, and `side`, the digest."""


@dataclass(slots=True)
class SideCheck:
    """Counts inputs beside the log: `kept`, and `forgotten`, whose decisions cannot be replayed any more."""

    log: Path
    kept: int = 0
    forgotten: int = 0
    _gone: dict[str, int] = field(default_factory=dict)

    def enter(self, seq: int, entry: Entry) -> None:
        """Take an entry in. Raises LogDisagrees for a document that is not what the entry says."""
        match entry:
            case DecisionEntry(side=str() as digest):
                self._look(seq, digest)
            case EventEntry(event=event) if event == FORGOTTEN:
                if self._gone.pop(str(entry.detail.get("side")), None) is not None:
                    self.forgotten += 1
            case _:
                return

    def finish(self) -> None:
        """All entries were taken in. Raises LogDisagrees for the first input that is gone, and nobody said so."""
        if self._gone:
            what = f"its input is gone from the side store, and no entry says that it was forgotten ({len(self._gone)} in all)"
            raise LogDisagrees(seq=min(self._gone.values()), place=side_store.FOLDER, what=what)

    def _look(self, seq: int, digest: str) -> None:
        try:
            found = side_store.get(self.log, digest)
        except side_store.SideDamaged as error:
            raise LogDisagrees(seq=seq, place=side_store.FOLDER, what=str(error)) from error
        if found == "gone":
            self._gone[digest] = seq
        else:
            self.kept += 1

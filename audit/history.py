"""The sealed part of a log's folder, as an index wants it: its size and roots by the newest checkpoint and the tiles.

Signatures are not checked here: an index only asks whether the history is still the one that it was made of, and
what is shown is read from the log all the same. `verify` checks.
"""

from collections.abc import Iterator
from pathlib import Path

from audit.merkle import Frontier
from audit.published import NotPublished, PublishedFolder
from audit.reader import read_records
from audit.sealed import read_checkpoint
from audit.tree_hashes import TreeHashes


class SealedLog:
    """What the newest checkpoint in `folder` covers."""

    def __init__(self, folder: Path) -> None:
        """Raises LogMissing or DamagedLog."""
        self._folder = folder
        self.checkpoint = read_checkpoint(folder)
        self._hashes = TreeHashes(PublishedFolder(folder), self.size)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.checkpoint.origin

    @property
    def size(self) -> int:
        """How many entries the newest checkpoint covers."""
        return self.checkpoint.size

    def root_at(self, size: int) -> bytes | None:
        """The root over the first `size` entries (at most `self.size`); None where pruned tiles no longer tell."""
        try:
            return Frontier.at(size, self._hashes.hash_at).root()
        except NotPublished:
            return None

    def records(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each entry from `first` on, those that are not sealed yet included."""
        return read_records(self._folder, first=first)

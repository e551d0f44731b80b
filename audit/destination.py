"""The second place that a log is shipped to: two verbs, and a folder that does them.

Promises that what `put` stored stands there whole and durably when it returns. Object storage would be a second class
with these two methods.
"""

from pathlib import Path
from typing import Protocol

from audit.files import write_together
from audit.published import NotPublished


class Destination(Protocol):
    """The second place. A folder today; anything that stores bytes under names will do."""

    def put(self, name: str, content: bytes) -> None:
        """Store whole and durably, replacing what stood there. Raises OSError."""

    def get(self, name: str) -> bytes | None:
        """What stands under the name now; None where nothing does. Raises OSError."""


class FolderDestination:
    """A folder, on another disk or machine as it may be mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, content: bytes) -> None:
        """See `Destination`."""
        write_together(self.folder, [(name, content)])

    def get(self, name: str) -> bytes | None:
        """See `Destination`."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None


class CopiedLog:
    """A `Published` over a destination: for the tree's hashes as the copy tells them."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination

    def get(self, name: str) -> bytes:
        """See `published.Published`."""
        content = self._destination.get(name)
        if content is None:
            raise NotPublished(f"the copy has no {name}")
        return content

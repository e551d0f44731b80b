"""The text of a checkpoint: which log, how many entries, which root (c2sp.org/tlog-checkpoint).

Pure. Knows no signatures (`note` does). Promises one spelling: what parses is what `text` writes.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from audit.merkle import HASH_BYTES

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_HEAD_LINES: Final = 3
_MAX_SIZE: Final = 2**63 - 1


class CheckpointInvalid(ValueError):
    """The text is not that of a checkpoint; the message says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of the log: origin, number of entries, root over them. `extensions` are other people's further lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text that is signed; ends in a newline."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that the text of a note is. Raises CheckpointInvalid."""
    if not text.endswith("\n"):
        raise CheckpointInvalid("a checkpoint ends in a newline")
    lines = text[:-1].split("\n")
    if len(lines) < _HEAD_LINES or not all(lines):
        raise CheckpointInvalid("a checkpoint is an origin, a size and a root, one line each, none empty")
    origin, size, root = lines[:_HEAD_LINES]
    if not _SIZE.fullmatch(size) or int(size) > _MAX_SIZE:
        raise CheckpointInvalid(f"not the size of a tree: {size!r:.40}")
    checkpoint = Checkpoint(origin, int(size), _decode_root(root), tuple(lines[_HEAD_LINES:]))
    if checkpoint.text() != text:
        raise CheckpointInvalid("the root is not canonical base64")
    return checkpoint


def _decode_root(root: str) -> bytes:
    try:
        decoded = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointInvalid(f"the root is not base64: {root!r:.60}") from error
    if len(decoded) != HASH_BYTES:
        raise CheckpointInvalid(f"the root takes {len(decoded)} bytes, not {HASH_BYTES}")
    return decoded

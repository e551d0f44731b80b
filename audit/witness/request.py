"""The body of `add-checkpoint`: what the log's side sends (c2sp.org/tlog-witness).

Pure: both ends use it. Promises one spelling, and that nothing of the note is trusted by having been parsed.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint
from audit.merkle import HASH_BYTES
from audit.note import NoteInvalid, split_note

MAX_HASHES: Final = 63
MAX_BODY_BYTES: Final = 64 * 1024  # a proof takes 3 KiB, 16 signatures about 3
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


class RequestInvalid(ValueError):
    """The body is not that of `add-checkpoint`; the text says why."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint to cosign, and the proof that it goes on from the tree of `old` entries. Nothing is verified."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes
    checkpoint: Checkpoint


def encode_request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body to send."""
    lines = [f"old {old}", *(base64.b64encode(one).decode("ascii") for one in proof), "", ""]
    return "\n".join(lines).encode() + note


def parse_request(body: bytes) -> AddCheckpoint:
    """What was asked. Raises RequestInvalid."""
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *rest = head.decode("ascii").split("\n")
        matched = _OLD.fullmatch(first)
        if matched is None or not blank:
            raise RequestInvalid("the body begins with `old SIZE`, ends its proof with an empty line")
        if len(rest) > MAX_HASHES:
            raise RequestInvalid(f"{len(rest)} hashes, at most {MAX_HASHES} make a proof")
        text, _ = split_note(note)
        return AddCheckpoint(
            int(matched[1]), tuple(_hash_of(line) for line in rest), note, parse_checkpoint(text)
        )
    except (UnicodeDecodeError, NoteInvalid, CheckpointInvalid) as error:
        raise RequestInvalid(str(error)) from error


def _hash_of(line: str) -> bytes:
    try:
        content = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid(f"not base64: {line!r:.60}") from error
    if len(content) != HASH_BYTES or base64.b64encode(content).decode("ascii") != line:
        raise RequestInvalid(f"not a hash of {HASH_BYTES} bytes: {line!r:.60}")
    return content

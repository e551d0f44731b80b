"""What an operator asks of a running writer, one blocking call each: record an event, forget an input, rotate the key.

For people's tools. Raises LogUnavailable where the writer is not there, refuses, or its disk failed: then count it as
not done.
"""

from pathlib import Path

from audit import wire
from audit.entry import EventEntry, encode
from audit.reader import Caller


def record(socket: Path, event: EventEntry) -> int:
    """Append an event; its number, when it is durable. Raises LogUnavailable, EntryInvalid."""
    with Caller(socket) as caller:
        seq: int = wire.SEQ.unpack(caller.ask(wire.OP_APPEND, encode(event)))[0]
        return seq


def forget(socket: Path, digest: str) -> bool:
    """Have the document of that digest removed for good; whether there was one. Record before that you do so."""
    with Caller(socket) as caller:
        return caller.ask(wire.OP_FORGET, bytes.fromhex(digest)) == b"\x01"


def rotate_key(socket: Path) -> str:
    """Replace the key that signs the log's checkpoints: the vkey of the next one, when the entry that says so is durable.

    The first checkpoint after it carries both signatures, the following ones the new one's.
    """
    with Caller(socket) as caller:
        return caller.ask(wire.OP_ROTATE_KEY).decode("ascii")

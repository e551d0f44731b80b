"""The bytes on the audit socket: length-prefixed requests and replies, every integer big-endian.

Pure. Holds the operation and status codes, the limits, and how frames are packed; both ends use it.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final

from audit.entry import MAX_ENTRY_BYTES

OP_APPEND: Final = 1
OP_READ: Final = 2
OP_STAT: Final = 3
OP_KEEP: Final = 4  # salted content for the side store; the reply is its digest
OP_FORGET: Final = (
    5  # the digest of what the side store is to forget; the reply is one byte: 1 if it was there
)
OP_ROTATE_KEY: Final = 6  # the reply is the vkey of the next key, when the entry that announces it is durable
OP_RECALL: Final = (
    7  # the digest of salted content in the side store; the reply is that content, empty where it is gone
)

STATUS_OK: Final = 0
STATUS_REFUSED: Final = 1
STATUS_FAILED: Final = 2

LENGTH_BYTES: Final = 4
HEAD_BYTES: Final = 5
MAX_REQUEST_BYTES: Final = 1 + MAX_ENTRY_BYTES  # op and the largest entry
MAX_KEEP_BYTES: Final = 4 * 1024 * 1024  # salted content of one document
MAX_READ_BYTES: Final = 256 * 1024  # of entries in one reply: bounds how long one reader holds up the writer
MAX_READ_COUNT: Final = 256
MAX_REPLY_BYTES: Final = 1 + MAX_READ_BYTES + MAX_ENTRY_BYTES + 12 * MAX_READ_COUNT
MAX_SOCKET_PATH_BYTES: Final = 107  # sockaddr_un.sun_path is 108 bytes with the closing NUL, unix(7)

HEAD: Final = struct.Struct(">IB")  # length of what follows, op or status
READ_REQUEST: Final = struct.Struct(">QI")  # first seq, at most this many
SEQ: Final = struct.Struct(">Q")
APPEND_REPLY: Final = struct.Struct(">IBQ")
ITEM: Final = struct.Struct(">QI")  # seq, length of the entry that follows


class WireError(ValueError):
    """The peer sent what the wire form does not allow; the connection is of no more use."""


def pack(code: int, payload: bytes = b"") -> bytes:
    """One frame: a request (`code` is an op) or a reply (`code` is a status)."""
    return HEAD.pack(1 + len(payload), code) + payload


def pack_items(items: Iterable[tuple[int, bytes]]) -> bytes:
    """The payload of a read reply."""
    return b"".join(ITEM.pack(seq, len(entry)) + entry for seq, entry in items)


def unpack_items(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """The (seq, entry) pairs of a read reply. Raises WireError if the payload does not end with an entry."""
    position = 0
    while position < len(payload):
        if len(payload) - position < ITEM.size:
            raise WireError("a read reply ends inside an item")
        seq, length = ITEM.unpack_from(payload, position)
        position += ITEM.size
        if len(payload) - position < length:
            raise WireError("a read reply ends inside an entry")
        yield seq, payload[position : position + length]
        position += length

"""A compressed request for objects passes as it came, but only as long as what it holds stays small.

Git compresses its list of what it has (RFC 1952). The upstream unpacks it with our credential in hand, so a few bytes
that become gigabytes are cut here.
"""

import contextlib
import zlib
from collections.abc import AsyncIterator

from gateway.body import BodyTooLarge, RequestBody

MOST_BYTES = 8 * 1024 * 1024
"""Of a request for objects, unpacked: some 150,000 lines of it."""
_AT_ONCE = 65_536
_GZIP = 31  # zlib's way of saying: a gzip header, and the largest window


async def bounded(body: RequestBody, limit: int | None) -> AsyncIterator[bytes]:
    """The body unchanged. Raises `BodyTooLarge` before the chunk that goes over `MOST_BYTES` unpacked, and as `chunks`."""
    inflater = zlib.decompressobj(wbits=_GZIP)
    size = 0
    async for chunk in body.chunks(limit):
        left = chunk
        # What zlib cannot read, the upstream's zlib cannot read either, and what follows the end is not read.
        with contextlib.suppress(zlib.error):
            while left and not inflater.eof:
                size += len(inflater.decompress(left, _AT_ONCE))
                left = inflater.unconsumed_tail
                if size > MOST_BYTES:
                    body.failure = BodyTooLarge()
                    raise body.failure
        yield chunk

"""Which headers pass in which direction: allow-lists, both ways, as pure functions on tuples.

Strip before inject; what is not on a list does not pass (RFC 9110, 7.6.1 for hop-by-hop headers). What a service
may add to the lists is checked when its catalogue is loaded (`decision/headers.py`).
"""

import re
from collections.abc import Iterable

from gateway.wire import Headers

# What no header value may hold (RFC 9110, 5.5): an upstream's parser may let it through, ours does not write it.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search

REQUEST_ALLOWED = frozenset(
    {
        b"accept",
        b"accept-language",
        b"cache-control",
        b"content-encoding",
        b"content-language",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"last-event-id",
        b"prefer",
        b"range",
        b"user-agent",
    }
)

RESPONSE_ALLOWED = frozenset(
    {
        b"accept-ranges",
        b"age",
        b"cache-control",
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-range",
        b"content-type",
        b"date",
        b"etag",
        b"expires",
        b"last-modified",
        b"retry-after",
        b"vary",
    }
)


def forwardable(headers: Headers, allowed: frozenset[bytes]) -> Headers:
    """The headers of a request that may travel on: those that are `allowed` and not named by `Connection`."""
    allowed -= _hop_by_hop(headers)
    return tuple(header for header in headers if header[0] in allowed)


def returnable(headers: Headers, allowed: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """The headers of an upstream's answer that an agent may see. Names come in any case and leave in lower case.

    The length passes too where it frames the body; where chunks do, ours frame it anew (RFC 9112, 6.3).
    A value with a control byte does not pass: it would end a line, or break the connection that it is written to.
    """
    lowered = [(name.lower(), value) for name, value in headers]
    names = {name for name, _ in lowered}
    if b"connection" in names:
        allowed -= _hop_by_hop(lowered)
    framed = b"transfer-encoding" in names
    return [
        header
        for header in lowered
        if (header[0] in allowed or (header[0] == b"content-length" and not framed))
        and _CONTROL(header[1]) is None
    ]


def _hop_by_hop(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    return frozenset(named)

"""What helpful servers make of HTTP that nobody can read for certain: they guess. Planted in a damaged copy; pure.

Every guess here is one that some real server makes. The product refuses all of this.
"""

import posixpath
import re
from urllib.parse import unquote

_GUESSES = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (rb"(?<=[^\r])\n", b"\r\n"),
        (rb"\r\n[ \t]+", b" "),
        (rb"(?m)^([A-Za-z-]+)[ \t]+:", rb"\1:"),
        (rb"[\0\x80-\xff]", b""),
        (rb"(content-length: *)\+?([0-9]+)(?:, *[0-9]+)*", rb"\1\2"),
        (rb"(content-length: *[0-9]+\r\n)content-length: *[0-9]+\r\n", rb"\1"),
        (rb"content-length: *[0-9]+\r\n(transfer-encoding:)", rb"\1"),
        (rb"(transfer-encoding: *)\S*chunked", rb"\1chunked"),
        (rb"(?<=\r\n\r\n)-1\r\n", b"14\r\n"),
        (rb"\ABREW ", b"GET "),
        (rb"\A(\S+ \S+) [^\r\n]*?( HTTP/1\.1)", rb"\1\2"),
    )
)
_FRAMED_REQUEST = re.compile(rb"content-length: *[0-9]+\r\n(?=(?:[^\r\n]+\r\n)*\r\nGET )")


def guessed(data: bytes) -> bytes:
    """Bytes from a client as a parser that repairs them would read them."""
    for pattern, instead in _GUESSES:
        data = pattern.sub(instead, data)
    return data


def unframed(data: bytes) -> bytes:
    """The same bytes where a body that looks like a request counts as one."""
    return _FRAMED_REQUEST.sub(b"", data)


def guessed_target(raw: bytes) -> bytes:
    """A target as a server that tidies up would read it: decoded as often as it takes, dots and slashes resolved."""
    text = unquote(unquote(raw.decode("latin-1"))).replace("\\", "/")
    path = re.split(r"[#;\0]", re.sub(r"\A[a-z]+://[^/]*", "", text))[0]
    return posixpath.normpath(re.sub("/+", "/", path)).encode("latin-1")

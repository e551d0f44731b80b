"""How one secret can look when it comes back: the byte strings that `gateway.scrub` searches for; pure.

Each rendering is cut to the part that does not depend on what stands beside the secret, so that it is found wherever
the secret is embedded. What is covered, and what is not, is told in `docs/secrets.md`.
"""

import base64
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

MIN_BYTES = 8
"""A shorter secret is not searched for: it would cut harmless answers. No rendering is shorter than its secret."""

WINDOW_BYTES = 32
MAX_WINDOWS = 8
ESCAPED_BYTES = 16
"""Of how many bytes the renderings are made that write one as two to six characters: longer ones cost memory."""

_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]{32,})")
_OTHER_ALPHABET = bytes.maketrans(b"-_+/", b"+/-_")

# What escapers leave alone beside the unreserved characters (RFC 3986, 2.3): quote, encodeURIComponent, encodeURI.
_PERCENT_SAFE = ("", "/", "!'()*", ";,/?:@&=+$#!'()*")
# As json.dumps, PHP, Go and .NET write what they need not write plainly.
_JSON_ESCAPES: tuple[dict[str, str], ...] = (
    {'"': '\\"', "\\": "\\\\"},
    {'"': '\\"', "\\": "\\\\", "/": "\\/"},
    {'"': '\\"', "\\": "\\\\"} | {each: f"\\u{ord(each):04x}" for each in "<>&"},
    {"\\": "\\\\"} | {each: f"\\u{ord(each):04X}" for each in "\"&'+<>`"},
)
_BRACKETS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# As Python, Go and Jinja, XML writers, and the careful ones of OWASP write it.
_HTML_ESCAPES: tuple[dict[str, str], ...] = (
    _BRACKETS,
    _BRACKETS | {'"': "&quot;", "'": "&#x27;"},
    _BRACKETS | {'"': "&#34;", "'": "&#39;"},
    _BRACKETS | {'"': "&quot;", "'": "&apos;"},
    _BRACKETS | {'"': "&quot;", "'": "&#39;", "/": "&#x2F;", "`": "&#x60;", "=": "&#x3D;"},
)


def renderings(secret: bytes) -> dict[bytes, str]:
    """What to search for so that every copy of a secret is found, each with the name of its rendering.

    Each rendering is there from its beginning on, so that a search that holds back what begins one lets nothing of it
    out. Of a JWT only the signature is secret. Empty for a secret that is too short.
    """
    token = _JWT.fullmatch(secret)
    if token is not None:
        secret = token[1]
    if len(secret) < MIN_BYTES:
        return {}
    found: dict[bytes, str] = {}
    for name, rendering in _all(secret):
        found.setdefault(rendering, name)
    return found


def windows(secret: bytes) -> tuple[bytes, ...]:
    """The whole of a secret under 48 bytes; else parts side by side, of which any 63 bytes of the secret hold one.

    Of a very long secret the last part is its end, and what lies between the first parts and it is left out.
    """
    if len(secret) < 3 * WINDOW_BYTES // 2:
        return (secret,)
    starts = list(range(0, len(secret) - WINDOW_BYTES, WINDOW_BYTES))[: MAX_WINDOWS - 1]
    return tuple(secret[start : start + WINDOW_BYTES] for start in (*starts, len(secret) - WINDOW_BYTES))


def _all(secret: bytes) -> Iterator[tuple[str, bytes]]:
    for window in windows(secret):
        yield "raw", window
        for before in range(3):
            yield "base64", _base64(window, before, base64.b64encode)
            yield "base64url", _base64(window, before, base64.urlsafe_b64encode)
    first = windows(secret)[0]
    yield "reversed", windows(secret[::-1])[0]
    yield "base64 alphabet exchanged", first.translate(_OTHER_ALPHABET)
    yield from _partly_escaped(first.decode("latin-1"))
    yield from _escaped(secret[:ESCAPED_BYTES])


def _base64(window: bytes, before: int, encode: Callable[[bytes], bytes]) -> bytes:
    """The characters that are the window's alone where `before` bytes stand in front of it in its group of three."""
    encoded = encode(bytes(before) + window)
    return encoded[(8 * before + 5) // 6 : 8 * (before + len(window)) // 6]


def _partly_escaped(text: str) -> Iterator[tuple[str, bytes]]:
    """As escapers write it that leave ordinary characters alone."""
    for safe in _PERCENT_SAFE:
        escaped = quote(text, safe=safe, encoding="latin-1")
        lower = re.sub("%..", lambda triplet: triplet[0].lower(), escaped)
        for form in (escaped, lower):
            yield "percent", form.encode()
            yield "percent", form.replace("%20", "+").encode()
    for name, tables in (("JSON escapes", _JSON_ESCAPES), ("HTML entities", _HTML_ESCAPES)):
        for table in tables:
            yield name, "".join(table.get(character, character) for character in text).encode("latin-1")


def _escaped(first: bytes) -> Iterator[tuple[str, bytes]]:
    """Every byte of it written as digits, or set apart by NUL."""
    yield "HTML entities", b"".join(b"&#%d;" % byte for byte in first)
    for digits in ("%02x", "%02X"):
        pairs = [(digits % byte).encode() for byte in first]
        yield "hex", b"".join(pairs)
        yield "percent", b"".join(b"%" + pair for pair in pairs)
        yield "JSON escapes", b"".join(b"\\u00" + pair for pair in pairs)
        yield "string escapes", b"".join(b"\\x" + pair for pair in pairs)
        yield "HTML entities", b"".join(b"&#x" + pair + b";" for pair in pairs)
    # Little and big endian share what stands between the first and the last character.
    yield "UTF-16", b"\0".join(first[place : place + 1] for place in range(len(first)))
    yield "UTF-32", b"\0\0\0".join(first[place : place + 1] for place in range(len(first)))

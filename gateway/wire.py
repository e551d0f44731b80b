"""What an HTTP request must look like before anybody describes it: pure rules on raw bytes.

Ambiguous input is refused, never repaired; every rule gives a `Flaw` with a stable code (RFC 9112, RFC 3986).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus

Headers = tuple[tuple[bytes, bytes], ...]

MAX_TARGET_BYTES = 8192
MAX_HEADER_COUNT = 100
MAX_HEAD_BYTES = 32 * 1024
MAX_CONTENT_TYPE_BYTES = 1024
MAX_LENGTH_DIGITS = 15
"""A length of more digits is no number that JSON readers agree on (RFC 8785), and no body that anybody sends."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Two of one of these mean two readers could each believe another one.
_SINGLE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"proxy-authorization",
        b"range",
        b"transfer-encoding",
        b"x-api-key",
    }
)

# pchar of RFC 3986 without `;`, which some servers cut a path at; percent triplets are looked at one by one.
_PATH = re.compile(rb"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})+)+/?|/")
_QUERY = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?|\[\]{}\"<>^`]|%[0-9A-Fa-f]{2})*")
# Encoded NUL, control bytes, `.`, `/`, `\`, `%` and `;`: each lets two readers see two paths.
_AMBIGUOUS_ESCAPE = re.compile(rb"%(?:[01][0-9A-Fa-f]|7[Ff]|2[5Ee]|5[Cc]|3[Bb])")
_HOST = re.compile(rb"[a-z0-9](?:[a-z0-9\-.]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a request cannot be read: a stable code, a message and the status that fits."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Target:
    """A request target in origin form, still exactly as it was sent."""

    path: bytes
    query: bytes

    @property
    def raw(self) -> bytes:
        """Path and query as they stood on the wire."""
        return self.path + b"?" + self.query if self.query else self.path


# Each rule of a path with the flaw of one that breaks it; the first broken rule speaks.
_PATH_RULES: tuple[tuple[Callable[[bytes], bool], Flaw], ...] = (
    (
        lambda path: path.startswith(b"/"),
        Flaw("request.target_form", "The request target must be a path that begins with one slash."),
    ),
    (
        lambda path: _PATH.fullmatch(path) is not None,
        Flaw("request.path_bytes", "The path has an empty segment or a byte that a URL path cannot hold."),
    ),
    (
        lambda path: _AMBIGUOUS_ESCAPE.search(path) is None,
        Flaw("request.path_escape", "The path hides a dot, a backslash, a percent or a control byte."),
    ),
    (
        lambda path: not {b".", b".."} & set(path.split(b"/")),
        Flaw("request.path_dots", "The path has a dot segment."),
    ),
)


def read_target(raw: bytes) -> Target | Flaw:
    """The target of a request line, or why it is ambiguous.

    Only origin form is read (RFC 9112, 3.2.1). Dot segments, empty segments and escapes that hide one are refused.
    """
    if len(raw) > MAX_TARGET_BYTES:
        return Flaw("request.target_too_long", f"The request target is over {MAX_TARGET_BYTES} bytes.", 414)
    path, mark, query = raw.partition(b"?")
    for holds, flaw in _PATH_RULES:
        if not holds(path):
            return flaw
    if (mark and not query) or _QUERY.fullmatch(query) is None:
        return Flaw("request.query_bytes", "The query is empty or has a byte that a URL query cannot hold.")
    return Target(path=path, query=query)


def read_query(target: Target, reserved: frozenset[str]) -> Flaw | None:
    """Why this query may not travel, or nothing: a parameter in which a credential of ours goes is ours alone."""
    if not reserved or not target.query:
        return None
    parts = target.query.decode("ascii").replace(";", "&").split("&")
    if reserved.isdisjoint(unquote_plus(part.partition("=")[0]).lower() for part in parts):
        return None
    return Flaw(
        "request.query_credential", "A query parameter of this name is filled in by the gateway alone."
    )


def read_method(method: str) -> Flaw | None:
    """Why this method is not spoken here, or nothing."""
    if method in METHODS:
        return None
    return Flaw(
        "request.method", "Only GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are spoken here.", 405
    )


def read_headers(headers: Headers, hosts: frozenset[bytes]) -> Flaw | None:
    """Why this header block is ambiguous, or nothing.

    `hosts` are the values of `Host` that mean this channel, in lower case.
    """
    seen: dict[bytes, bytes] = {}
    for name, value in headers:
        if not value.isascii():
            # Latin-1 to one reader, UTF-8 to another (RFC 9110, 5.5): it would not travel byte for byte.
            return Flaw("request.header_bytes", "A header's value has a byte outside ASCII.")
        if name in _SINGLE:
            if name in seen:
                return Flaw("request.header_twice", f"The header {name.decode('latin-1')!r} stands twice.")
            seen[name] = value
            rule = _VALUE_RULES.get(name)
            if rule is not None and not rule[0](value):
                return rule[1]
        elif name == b"upgrade":
            return Flaw("request.upgrade", "This gateway does not switch protocols.", 400)
    if b"transfer-encoding" in seen and b"content-length" in seen:
        return Flaw("request.framing", "Content-Length and Transfer-Encoding stand together.")
    host = seen.get(b"host")
    return _read_host(None if host is None else host.lower(), hosts)


_VALUE_RULES: dict[bytes, tuple[Callable[[bytes], bool], Flaw]] = {
    b"content-length": (
        lambda value: len(value) <= MAX_LENGTH_DIGITS,
        Flaw("request.length", "The announced length is no length that a body can have.", 413),
    ),
    b"content-type": (
        # Policy reads it, and the log holds it: within bounds that an entry can keep.
        lambda value: len(value) <= MAX_CONTENT_TYPE_BYTES,
        Flaw("request.content_type", f"The content type is over {MAX_CONTENT_TYPE_BYTES} bytes.", 431),
    ),
    b"expect": (
        lambda value: value.lower() == b"100-continue",
        Flaw("request.expect", "Only 'Expect: 100-continue' is known.", 417),
    ),
    b"transfer-encoding": (
        lambda value: value == b"chunked",
        Flaw("request.transfer_encoding", "Transfer-Encoding must be exactly 'chunked'."),
    ),
}


def _read_host(host: bytes | None, hosts: frozenset[bytes]) -> Flaw | None:
    if host is None:
        return Flaw("request.host_missing", "A request needs exactly one Host header.")
    if _HOST.fullmatch(host) is None or host not in hosts:
        return Flaw("request.host", "The Host header does not name this channel.", 421)
    return None


def without_underscores(headers: Headers) -> Headers:
    """The header block without names that hold `_`, which some servers read as `-`."""
    return tuple(header for header in headers if b"_" not in header[0])


def announced_body(headers: Headers) -> int:
    """The announced length of the body in bytes; 0 where there is none, -1 where it comes in chunks."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return -1
    return 0

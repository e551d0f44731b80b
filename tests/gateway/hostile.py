"""Requests whose framing is sound, whatever else they are: what property tests send."""

import re
from dataclasses import dataclass

from hypothesis import strategies as st

GET = b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n"
LAST = b"GET /.doorless/self HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Sent:
    """One request as it is written, and what an upstream must see of it if it sees it at all."""

    method: str
    target: bytes
    head: bytes
    framed: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """All of it."""
        return (
            self.method.encode() + b" " + self.target + b" HTTP/1.1\r\n" + self.head + b"\r\n" + self.framed
        )


METHODS = st.sampled_from(
    ["GET"] * 12
    + ["POST"] * 6
    + ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "M-SEARCH"]
)
ODD_SEGMENTS = st.sampled_from(
    [
        *(
            b"..",
            b".",
            b"%2e%2e",
            b"%2E.",
            b"%252e",
            b"%2f",
            b"a%2Fb",
            b"%5c",
            b"%00",
            b"%0d%0a",
            b"%3b",
            b"a;b",
        ),
        *(
            b"%c3%a9",
            b"%C3%A9",
            b"%c0%ae",
            b"%ed%a0%80",
            b"%ff",
            b"%20",
            b"+",
            b"~",
            b"%7e",
            b"%7E",
            b"@:",
            b"!$&'()*,=",
        ),
        *(
            b"notes",
            b"no%74es",
            b"",
            b"a\\b",
            b"a|b",
            b'a"b',
            b"<a>",
            b"\xc3\xa9",
            b"\x80",
            b"[x]",
            b"{x}",
            b"a#b",
            b"%",
            b"%4",
        ),
    ]
)
PIECES = st.text("abcXYZ019-._~!$&'()*+,=:@%2fFeE/?;#|\\ \"<>[]{}^`", max_size=24).map(str.encode)
SOUND = st.text("abcXYZ019-._~!$&'()*+,=:@", min_size=1, max_size=12).map(str.encode)
QUERIES = st.text('abc019=&+,;:@/?%41~|"<>[]{}^`', max_size=16).map(str.encode)
TARGETS = st.one_of(
    *[st.just(b"/notes/notes")] * 2,
    *[SOUND.map(lambda piece: b"/notes/notes/" + piece)] * 3,
    *[QUERIES.map(lambda piece: b"/keyed/ask?" + piece)] * 2,
    QUERIES.map(lambda piece: b"/notes/notes?x" + piece),
    ODD_SEGMENTS.map(lambda segment: b"/notes/notes/" + segment),
    ODD_SEGMENTS.map(lambda segment: b"/notes/refs/" + segment),
    PIECES.map(lambda piece: b"/notes/notes/" + piece),
    PIECES,
)
HARMLESS = [
    b"Accept: a",
    b"User-Agent: \t spaced \t",
    b"Range: bytes=0-1",
    b'If-None-Match: "x"',
    b"Prefer: wait=1",
]
HEADERS = st.lists(
    st.sampled_from(
        [
            *(HARMLESS * 6),
            *(
                b"Authorization: Bearer stolen",
                b"Cookie: stolen=1",
                b"X-Api-Key: stolen",
                b"X_Api_Key: stolen",
            ),
            *(b"Proxy-Authorization: stolen", b"X-Forwarded-For: stolen", b"Forwarded: for=stolen"),
            *(
                b"X-Original-URL: /stolen",
                b"X-HTTP-Method-Override: DELETE",
                b"Connection: keep-alive, accept",
            ),
            *(
                b"Accept: a",
                b"Accept: b",
                b"Accept:",
                b"User-Agent:  \tspaced \t",
                b'If-None-Match: "\xc3\xa9"',
            ),
            *(
                b"TE: trailers",
                b"Trailer: Authorization",
                b"Expect: 100-continue",
                b"Expect: other",
                b"Range: bytes=0-1",
            ),
            *(
                b"Content-Type: text/plain",
                b"Content-Type: " + b"a" * 2000,
                b"Content-Encoding: gzip",
                b"Upgrade: h2c",
            ),
            *(
                b"Host: evil",
                b"X: " + b"a" * 9000,
                b"Keep-Alive: timeout=1",
                b"Idempotency-Key: 1",
                b"Prefer: wait=1",
            ),
        ]
    ),
    max_size=2,
)
BODIES = st.binary(max_size=40) | st.just(GET + b"\r\n") | st.just(b"0\r\n\r\n" + LAST)


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """A request whose framing is sound, whatever else it is."""
    method = draw(METHODS)
    usual = method == "POST" and draw(st.integers(0, 3))
    target = b"/notes/notes" if usual else re.sub(rb"[\r\n ]", b"_", draw(TARGETS)) or b"/"
    head = b"".join(line + b"\r\n" for line in [b"Host: proxy", *draw(HEADERS)])
    body = draw(BODIES) if method in {"POST", "PUT", "PATCH"} or draw(st.booleans()) else b""
    if not draw(st.booleans()):
        framing = b"Content-Length: %d\r\n" % len(body) if body else b""
        return Sent(method, target, head + framing, body, body)
    framed, rest = b"", body
    while rest:
        size = draw(st.integers(1, len(rest)))
        extension = draw(st.sampled_from([b"", b"", b";a", b';a="b;c"']))
        framed += b"%x" % size + extension + b"\r\n" + rest[:size] + b"\r\n"
        rest = rest[size:]
    trailer = draw(st.sampled_from([b"", b"", b"Authorization: stolen\r\n", b"Host: evil\r\nX: y\r\n"]))
    return Sent(
        method, target, head + b"Transfer-Encoding: chunked\r\n", framed + b"0\r\n" + trailer + b"\r\n", body
    )

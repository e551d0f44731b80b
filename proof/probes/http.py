"""HTTP parsing: requests that two parsers read in two ways. Each row is bytes, and bytes that differ in that alone."""

from typing import Final

from proof.wire_probe import Expected, WireProbe

_HOST: Final = b"host: proxy\r\n"
_GET: Final = b"GET {path} HTTP/1.1\r\n" + _HOST + b"connection: close\r\n\r\n"
_POST: Final = b"POST {path} HTTP/1.1\r\n" + _HOST + b"connection: close\r\ncontent-type: text/plain\r\n"
_CHUNKED: Final = _POST.replace(b"{path}", b"/{service}/m/x") + b"transfer-encoding: chunked\r\n\r\n"
_MARKED_CHUNK: Final = _CHUNKED + b"14\r\n{mark}\r\n0\r\n\r\n"  # a mark has 20 bytes


def _head(name: str, proves: str, headers: bytes, expected: Expected = "refused") -> WireProbe:
    hostile = b"GET {path} HTTP/1.1\r\n" + headers + b"connection: close\r\n\r\n"
    return WireProbe(name, proves, hostile, _GET, expected)


def _target(name: str, proves: str, target: bytes) -> WireProbe:
    return WireProbe(name, proves, _GET.replace(b"{path}", target), _GET)


def _post(name: str, proves: str, headers: bytes, body: bytes = b"abc") -> WireProbe:
    harmless = _POST + b"content-length: 3\r\n\r\nabc"
    return WireProbe(name, proves, _POST + headers + b"\r\n" + body, harmless)


def _carried(name: str, proves: str, header: bytes, carrier: bytes = b"user-agent: {mark}\r\n") -> WireProbe:
    """The mark in a header that must not travel on, beside one that may."""
    base = b"GET /{service}/m/x HTTP/1.1\r\n" + _HOST
    end = b"connection: close\r\n\r\n"
    return WireProbe(name, proves, base + header + end, base + carrier + end, "dropped")


_FRAMING: Final = (
    _post(
        "length-and-chunks",
        "a request with a length and chunks is refused",
        b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
        b"0\r\n\r\n",
    ),
    _post(
        "two-lengths", "a request with two lengths is refused", b"content-length: 3\r\ncontent-length: 4\r\n"
    ),
    _post(
        "equal-lengths",
        "a length that stands twice is refused",
        b"content-length: 3\r\ncontent-length: 3\r\n",
    ),
    _post("listed-lengths", "a list of lengths is refused", b"content-length: 3, 3\r\n"),
    _post("signed-length", "a length with a sign is refused", b"content-length: +3\r\n"),
    _post(
        "two-codings",
        "a transfer coding besides chunked is refused",
        b"transfer-encoding: identity, chunked\r\n",
        b"0\r\n\r\n",
    ),
    _post(
        "unknown-coding",
        "a coding that is nearly chunked is refused",
        b"transfer-encoding: xchunked\r\n",
        b"0\r\n\r\n",
    ),
    _head("bare-line-feed", "a line that ends without CR is refused", b"host: proxy\nx-a: b\r\n"),
    _head("folded-line", "a header over two lines is refused", _HOST + b"x-a: b\r\n c\r\n"),
    _head("blank-before-colon", "a blank behind a header's name is refused", b"host : proxy\r\n"),
    _head("nul-in-header", "a NUL in a header is refused", _HOST + b"x-a: b\0c\r\n"),
    _head("endless-head", "a head over 32 KiB is refused", _HOST + b"x-a: " + b"a" * 40_000 + b"\r\n"),
    _head(
        "headers-by-the-hundred",
        "more than a hundred headers are refused",
        _HOST + b"".join(b"x-%d: a\r\n" % n for n in range(150)),
    ),
    WireProbe(
        "chunk-of-bad-size",
        "what stands behind a broken chunk never travels on",
        _MARKED_CHUNK.replace(b"14", b"-1"),
        _MARKED_CHUNK,
        "unheard",
    ),
    WireProbe(
        "second-in-refused-body",
        "a refused body never becomes the next request",
        b"POST /{service}/nowhere HTTP/1.1\r\n" + _HOST + b"content-length: 99\r\n\r\n" + _GET,
        b"POST /{service}/nowhere HTTP/1.1\r\n" + _HOST + b"content-length: 3\r\n\r\nabc" + _GET,
        "unheard",
    ),
    WireProbe(
        "second-behind-broken",
        "nothing is read behind a request that cannot be read",
        b"GET /{service}/m/x HTTP/1.1\r\nhost : proxy\r\n\r\n" + _GET,
        b"GET /{service}/m/x HTTP/1.1\r\nhost: proxy\r\n\r\n" + _GET,
        "unheard",
    ),
)

_TARGETS: Final = (
    _target("absolute-form", "an address in place of a path is refused", b"http://elsewhere{path}"),
    _target("two-slashes", "a path that begins with two slashes is refused", b"/{path}"),
    _target("empty-segment", "an empty path segment is refused", b"/{service}//m/{mark}"),
    _target("dots", "dots that lead up are refused", b"/{service}/x/../m/{mark}"),
    _target("encoded-dots", "encoded dots that lead up are refused", b"/{service}/x/%2e%2e/m/{mark}"),
    _target("encoded-slash", "an encoded slash does not part a path", b"/{service}%2fm%2f{mark}"),
    _target("encoded-twice", "nothing is decoded twice", b"/{service}/x/%252e%252e/m/{mark}"),
    _target("encoded-nul", "an encoded NUL is refused", b"{path}%00.txt"),
    _target("backslash", "a backslash in a path is refused", b"/{service}\\m\\{mark}"),
    _target("semicolon", "parameters in a path are refused", b"{path};x=/other"),
    _target("fragment", "a fragment is refused", b"{path}#x"),
    _target("blank", "a blank in a target is refused", b"{path} x"),
    _target("byte-above", "a byte above ASCII in a path is refused", b"{path}\xc3\xa9"),
    _target("undeclared", "a route that nobody declared does not exist", b"/{service}/undeclared/{mark}"),
    _target("not-granted", "a route that is not granted is refused", b"/{service}/other/{mark}"),
)

_PEERS: Final = (
    _head("no-host", "a request without a host is refused", b""),
    _head("two-hosts", "a request with two hosts is refused", _HOST + b"host: elsewhere\r\n"),
    _head("foreign-host", "another host's name is refused", b"host: elsewhere\r\n"),
    _head("host-with-path", "a host with a path in it is refused", b"host: proxy/admin?x=\r\n"),
    _head("upgrade", "a switch of protocols is refused", _HOST + b"upgrade: websocket\r\n"),
    WireProbe("connect", "a tunnel is refused", b"CONNECT {mark}:443 HTTP/1.1\r\n" + _HOST + b"\r\n", _GET),
    WireProbe("unknown-method", "an unknown method is refused", _GET.replace(b"GET ", b"BREW "), _GET),
    WireProbe(
        "old-version", "a request of HTTP/1.0 is refused", _GET.replace(b"HTTP/1.1", b"HTTP/1.0"), _GET
    ),
)

_CARRIED: Final = (
    _carried(
        "own-authorization",
        "an agent's own credential does not travel on",
        b"authorization: Bearer {mark}\r\n",
    ),
    _carried(
        "own-key",
        "an agent's own value of our credential's header does not travel on",
        b"x-api-key: {mark}\r\n",
    ),
    _carried("own-cookie", "an agent's cookie does not travel on", b"cookie: a={mark}\r\n"),
    _carried("underscore", "a header's name with _ does not pass for one with -", b"user_agent: {mark}\r\n"),
    _carried(
        "hop-by-hop",
        "a header that Connection names does not travel on",
        b"connection: user-agent\r\nuser-agent: {mark}\r\n",
    ),
    _carried(
        "method-override",
        "a second method in a header does not travel on",
        b"x-http-method-override: {mark}\r\n",
    ),
    _carried("original-url", "a second path in a header does not travel on", b"x-original-url: /{mark}\r\n"),
    _carried("forwarded-for", "a peer in a header does not travel on", b"x-forwarded-for: {mark}\r\n"),
    WireProbe(
        "trailer",
        "a trailer does not become a header",
        _CHUNKED + b"3\r\nabc\r\n0\r\nauthorization: {mark}\r\n\r\n",
        _MARKED_CHUNK,
        "dropped",
    ),
)

HTTP: Final = (*_FRAMING, *_TARGETS, *_PEERS, *_CARRIED)

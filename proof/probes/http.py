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
    _post("length-and-chunks", "two framings are no framing", b"content-length: 3\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
    _post("two-lengths", "two lengths are no length", b"content-length: 3\r\ncontent-length: 4\r\n"),
    _post("equal-lengths", "nor is one length written twice", b"content-length: 3\r\ncontent-length: 3\r\n"),
    _post("listed-lengths", "nor a list of lengths", b"content-length: 3, 3\r\n"),
    _post("signed-length", "a length has digits only", b"content-length: +3\r\n"),
    _post("two-codings", "the one coding is chunked", b"transfer-encoding: identity, chunked\r\n", b"0\r\n\r\n"),
    _post("unknown-coding", "and is spelled so", b"transfer-encoding: xchunked\r\n", b"0\r\n\r\n"),
    _head("bare-line-feed", "a line ends in CR LF", b"host: proxy\nx-a: b\r\n"),
    _head("folded-line", "a header is one line", _HOST + b"x-a: b\r\n c\r\n"),
    _head("blank-before-colon", "a header's name holds no blank", b"host : proxy\r\n"),
    _head("nul-in-header", "a header's value holds no NUL", _HOST + b"x-a: b\0c\r\n"),
    _head("endless-head", "a head has a limit", _HOST + b"x-a: " + b"a" * 40_000 + b"\r\n"),
    _head("headers-by-the-hundred", "and a number of headers", _HOST + b"".join(b"x-%d: a\r\n" % n for n in range(150))),
    WireProbe(
        "chunk-of-bad-size",
        "what stands behind a broken chunk is no body",
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
        "nothing is read behind a request that cannot be",
        b"GET /{service}/m/x HTTP/1.1\r\nhost : proxy\r\n\r\n" + _GET,
        b"GET /{service}/m/x HTTP/1.1\r\nhost: proxy\r\n\r\n" + _GET,
        "unheard",
    ),
)

_TARGETS: Final = (
    _target("absolute-form", "a target is a path, not an address", b"http://elsewhere{path}"),
    _target("two-slashes", "a path begins with one slash", b"/{path}"),
    _target("empty-segment", "and has no empty segment", b"/{service}//m/{mark}"),
    _target("dots", "nor dots that lead up", b"/{service}/x/../m/{mark}"),
    _target("encoded-dots", "not even encoded", b"/{service}/x/%2e%2e/m/{mark}"),
    _target("encoded-slash", "an encoded slash is no slash", b"/{service}%2fm%2f{mark}"),
    _target("encoded-twice", "nothing is decoded twice", b"/{service}/m/%252e%252e/{mark}"),
    _target("encoded-nul", "a path holds no NUL", b"{path}%00.txt"),
    _target("backslash", "nor a backslash", b"/{service}\\m\\{mark}"),
    _target("semicolon", "nor parameters", b"{path};x=/other"),
    _target("fragment", "nor a fragment", b"{path}#x"),
    _target("blank", "nor a blank", b"{path} x"),
    _target("byte-above", "nor a byte above ASCII", b"{path}\xc3\xa9"),
    _target("undeclared", "and it is a route that was declared", b"/{service}/undeclared/{mark}"),
    _target("not-granted", "and granted", b"/{service}/other/{mark}"),
)

_PEERS: Final = (
    _head("no-host", "a request names its host", b""),
    _head("two-hosts", "once", _HOST + b"host: elsewhere\r\n"),
    _head("foreign-host", "and rightly", b"host: elsewhere\r\n"),
    _head("host-with-path", "as a name", b"host: proxy/admin?x=\r\n"),
    _head("upgrade", "no other protocol is switched to", _HOST + b"upgrade: websocket\r\n"),
    WireProbe("connect", "no tunnel is dug", b"CONNECT {mark}:443 HTTP/1.1\r\n" + _HOST + b"\r\n", _GET),
    WireProbe("unknown-method", "methods are a closed set", _GET.replace(b"GET ", b"BREW "), _GET),
    WireProbe("old-version", "HTTP/1.1 is spoken", _GET.replace(b"HTTP/1.1", b"HTTP/1.0"), _GET),
)

_CARRIED: Final = (
    _carried("own-authorization", "an agent's own credential does not travel on", b"authorization: Bearer {mark}\r\n"),
    _carried("own-key", "nor in the header of ours", b"x-api-key: {mark}\r\n"),
    _carried("own-cookie", "nor as a cookie", b"cookie: a={mark}\r\n"),
    _carried("underscore", "a name with _ does not pass for one with -", b"user_agent: {mark}\r\n"),
    _carried("hop-by-hop", "what Connection names stays here", b"connection: user-agent\r\nuser-agent: {mark}\r\n"),
    _carried("method-override", "no method behind the method", b"x-http-method-override: {mark}\r\n"),
    _carried("original-url", "no path behind the path", b"x-original-url: /{mark}\r\n"),
    _carried("forwarded-for", "no peer behind the peer", b"x-forwarded-for: {mark}\r\n"),
    WireProbe(
        "trailer",
        "a trailer is not a header",
        _CHUNKED + b"3\r\nabc\r\n0\r\nauthorization: {mark}\r\n\r\n",
        _MARKED_CHUNK,
        "dropped",
    ),
)

HTTP: Final = (*_FRAMING, *_TARGETS, *_PEERS, *_CARRIED)

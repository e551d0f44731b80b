"""Header names that no service may let through, in either direction.

Pure tables and their checks; the built-in allow-lists are the gateway's. Sources: RFC 9110 section 7.6.1
(connection headers), RFC 9112 (framing), and the headers that carry identity, credentials or routing.
"""

import re

_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^`|~-]{1,64}")

HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
REQUEST_SECURITY = frozenset(
    {
        "api-key",
        "authorization",
        "cookie",
        "cookie2",
        "expect",
        "forwarded",
        "private-token",
        "true-client-ip",
        "x-amz-security-token",
        "x-api-key",
        "x-auth-token",
        "x-client-ip",
        "x-goog-api-key",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
    }
)
RESPONSE_SECURITY = frozenset(
    {
        "alt-svc",
        "authentication-info",
        "authorization",
        "clear-site-data",
        "refresh",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "www-authenticate",
    }
)


def check_request_headers(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, if an agent may send each of them. Raises `ValueError` naming the first it may not."""
    return _check(names, HOP_BY_HOP | REQUEST_SECURITY)


def check_response_headers(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, if an agent may see each of them. Raises `ValueError` naming the first it may not."""
    return _check(names, HOP_BY_HOP | RESPONSE_SECURITY)


def _check(names: tuple[str, ...], refused: frozenset[str]) -> tuple[str, ...]:
    for place, name in enumerate(names):
        if not _TOKEN.fullmatch(name):
            raise ValueError(
                f"the header {name!r} must be a header name in small letters, without underscores"
            )
        if name in refused or name.startswith(("x-forwarded-", "proxy-", "sec-")):
            raise ValueError(f"the header {name!r} is the gateway's own business and cannot be let through")
        if name in names[:place]:
            raise ValueError(f"the header {name!r} stands here twice")
    return names

"""Who may come in: whoever brings a token, as git and as API clients bring it; nobody else reads a byte.

Compared in constant time. A caller without a token is told how to bring one, which is how git finds out that it must.
"""

import base64
import binascii
import hmac

from starlette.requests import Request

from tenants.services.problems import Problem

_CHALLENGE = 'Basic realm="code-repository"'


def check_token(request: Request, *tokens: str) -> None:
    """Let a request pass that brings one of `tokens`; raises `Problem` 401 for any other."""
    if len(request.headers.getlist("authorization")) != 1:
        raise Problem(
            401, "token_missing", "Exactly one Authorization header is wanted.", challenge=_CHALLENGE
        )
    if not any(brings(request, token) for token in tokens):
        raise Problem(401, "token_wrong", "The token is not this service's token.", challenge=_CHALLENGE)


def brings(request: Request, token: str) -> bool:
    """Whether a request brings exactly this token."""
    values = request.headers.getlist("authorization")
    return len(values) == 1 and hmac.compare_digest(_brought(values[0]).encode(), token.encode())


def _brought(value: str) -> str:
    """The token in a header: the password of Basic (RFC 7617), or what follows Bearer (RFC 6750)."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return rest
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""

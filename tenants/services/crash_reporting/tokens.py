"""What a workflow token must look like here: the whole local check, without a network and without a clock.

Pure. A token that passed is only *well signed and in its time*; whether its workflow still runs is the issuer's
word (`issuer.py`). Sources: RFC 7515, RFC 7519, RFC 9068.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

TOKEN_LIMIT = 8_192  # bytes
_HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True)
class Claims:
    """Verified claims: `scope` are its words, `workflow` is the token's `sub`."""

    workflow: str
    scope: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a token was refused, in one word for programs and one sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What this service accepts: one issuer, one audience, at one time (unix seconds)."""

    issuer: str
    audience: str
    now: int


def key_id(unverified_token: str) -> str | Refused:
    """Return the key id that the token's header names, or why the header is refused.

    Only `alg`, `typ` and `kid` may stand in the header: a header that brings or names a key of its own (`jwk`,
    `jku`, `x5u`, `x5c`), or that asks for extensions (`crit`, `b64`), never reaches a signature check.
    """
    if len(unverified_token) > TOKEN_LIMIT:
        return Refused("token_malformed", "The token is larger than this service reads.")
    parts = unverified_token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature: a compact JWS
        return Refused("token_malformed", "The token is not a compact JWS.")
    header = _decode_header(parts[0])
    if header is None:
        return Refused("token_malformed", "The token's header is not a JSON object.")
    if set(header) != _HEADER_MEMBERS:
        return Refused("token_header", "The token's header must hold alg, typ and kid, and nothing else.")
    if header["alg"] != "ES256" or header["typ"] != "at+jwt" or not isinstance(header["kid"], str):
        return Refused("token_header", "The token must be an ES256 access token (typ at+jwt).")
    return header["kid"]


def verify(unverified_token: str, key: ECKey, expected: Expected) -> Claims | Refused:
    """Check signature, issuer, audience and time; the header has passed `key_id` before."""
    try:
        claims = jwt.decode(unverified_token, key, algorithms=["ES256"]).claims
    except (JoseError, ValueError):
        return Refused("token_signature", "The token's signature does not verify.")
    if claims.get("iss") != expected.issuer:
        return Refused("token_issuer", "The token is not from this service's issuer.")
    if claims.get("aud") != expected.audience:
        return Refused("token_audience", "The token is for another service.")
    return _in_time(claims, expected.now) or _claims(claims)


def _in_time(claims: Mapping[str, Any], now: int) -> Refused | None:
    expires, begins = claims.get("exp"), claims.get("nbf")
    if type(expires) is not int or type(begins) is not int:
        return Refused("token_malformed", "The token lacks exp or nbf as whole seconds.")
    if now >= expires:
        return Refused("token_expired", "The token has expired.")
    if now < begins:
        return Refused("token_not_yet", "The token is not valid yet.")
    return None


def _claims(claims: Mapping[str, Any]) -> Claims | Refused:
    workflow, scope = claims.get("sub"), claims.get("scope")
    if not isinstance(workflow, str) or not workflow or not isinstance(scope, str):
        return Refused("token_malformed", "The token lacks sub or scope.")
    return Claims(workflow, frozenset(scope.split()))


def _decode_header(part: str) -> dict[str, Any] | None:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        header = msgspec.json.decode(raw)
    except (binascii.Error, ValueError):
        return None
    return header if isinstance(header, dict) else None

"""The strict reading of a compact JWS (RFC 7515 section 7.1): bytes into header, payload and signature; pure.

Nothing is repaired and nothing is guessed. The bytes of each segment have exactly one accepted spelling.
No signature is checked here: all that leaves this module is unverified and says so in its name.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, NoReturn

from issuer.refusal import Code, Unacceptable

MAX_BYTES = 8192
ALGORITHM = "ES256"
TYPE = "at+jwt"

_KEY_NAMING = frozenset({"jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"})
_CRITICAL = frozenset({"crit", "b64"})
_HEADER = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a well-formed token. `unverified_payload` may be anything until the signature holds."""

    unverified_kid: str
    signing_input: bytes
    unverified_payload: bytes
    signature: bytes


def read_compact(compact: str) -> UnverifiedToken:
    """The parts of `compact`, or raises `Unacceptable` with the code of the first thing that is wrong."""
    raw = _ascii(compact)
    segments = raw.split(b".")
    if len(segments) == 5:  # noqa: PLR2004 - RFC 7516 section 7.1: a JWE has five
        raise Unacceptable(Code.ENCRYPTED, "An encrypted token (JWE) is not accepted.")
    if len(segments) != 3:  # noqa: PLR2004 - RFC 7515 section 7.1: a JWS has three
        raise Unacceptable(Code.MALFORMED, "A token has three segments.")
    header = read_object(_decode(segments[0]), "header")
    kid = _checked_header(header)
    return UnverifiedToken(
        unverified_kid=kid,
        signing_input=segments[0] + b"." + segments[1],
        unverified_payload=_decode(segments[1]),
        signature=_decode(segments[2]),
    )


def read_object(raw: bytes, what: str) -> dict[str, Any]:
    """The JSON object in `raw`: UTF-8, each key once, no NaN or Infinity; else raises `Unacceptable`."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        # ValueError covers bad UTF-8, bad JSON and an integer of thousands of digits; a deep nest of
        # brackets fits into 8 KiB and exhausts the parser's stack.
        raise Unacceptable(Code.JSON, f"The {what} is not JSON.") from None
    if not isinstance(value, dict):
        raise Unacceptable(Code.JSON, f"The {what} is not a JSON object.")
    return value


def _ascii(compact: str) -> bytes:
    if len(compact) > MAX_BYTES:
        raise Unacceptable(Code.TOO_LARGE, f"A token has at most {MAX_BYTES} bytes.")
    if compact.lstrip()[:1] in {"{", "["}:
        raise Unacceptable(Code.JSON_SERIALISATION, "The JSON serialisation is not accepted.")
    try:
        return compact.encode("ascii")
    except UnicodeEncodeError:
        raise Unacceptable(Code.MALFORMED, "A token is ASCII.") from None


def _decode(segment: bytes) -> bytes:
    """Base64url without padding; encoding again must give the same bytes, so only one spelling passes."""
    try:
        decoded = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except binascii.Error:
        raise Unacceptable(Code.ENCODING, "A segment is not base64url.") from None
    if not segment or base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:
        raise Unacceptable(Code.ENCODING, "A segment is empty or not canonical base64url.")
    return decoded


def _checked_header(header: dict[str, Any]) -> str:
    names = header.keys()
    if names & _KEY_NAMING:
        raise Unacceptable(Code.HEADER_NAMES_KEY, "A token may not bring or point to its own key.")
    if names & _CRITICAL:
        raise Unacceptable(Code.HEADER_CRITICAL, "The headers crit and b64 are not accepted.")
    if header.get("alg") != ALGORITHM:
        raise Unacceptable(Code.ALGORITHM, f"The only algorithm is {ALGORITHM}.")
    if header.get("typ") != TYPE:
        raise Unacceptable(Code.TYPE, f"The type of a token is {TYPE}.")
    if names - _HEADER:
        raise Unacceptable(Code.HEADER_UNKNOWN, "The header holds something unknown.")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise Unacceptable(Code.KEY_UNKNOWN, "The header names no key.")
    return kid


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unacceptable(Code.DUPLICATE_KEY, "A JSON key stands twice.")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")

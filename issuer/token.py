"""The token of a workflow: `sign` makes it, `verify` alone turns one into a `VerifiedToken`; pure.

Clock and keys come in as arguments. This is the one module of `issuer` that another program (the gateway)
may import. `verify` never raises: whatever the bytes are, the answer is a `VerifiedToken` or a `Refused`.
"""

import re
from dataclasses import InitVar, dataclass
from typing import Any, Final, Never, final

from joserfc import jwt
from joserfc.jws import JWSRegistry

from issuer.compact import ALGORITHM, TYPE, read_compact, read_object
from issuer.keyset import JwksError, SigningKey, VerifyingKey, VerifyingKeys, read_jwks
from issuer.refusal import Code, Refused, Unacceptable

__all__ = [
    "MAX_LIFETIME_S",
    "Claims",
    "Code",
    "JwksError",
    "Refused",
    "VerifiedToken",
    "VerifyingKey",
    "VerifyingKeys",
    "is_grant",
    "read_jwks",
    "sign",
    "verify",
]

MAX_LIFETIME_S: Final = 300

_TEXTS = ("iss", "aud", "sub", "client_id", "agent", "scope", "workflow", "txn", "jti")
_TIMES = ("iat", "nbf", "exp")
_CLAIMS = frozenset(_TEXTS + _TIMES)
_LAST_TIME = 1 << 53
"""Integers at and above this are not exact in every JSON reader (RFC 8259 section 6)."""

_NAME = r"[a-z][a-z0-9-]{0,62}"
_WORD = rf"{_NAME}(?::{_NAME})?"
_is_name = re.compile(_NAME).fullmatch
_is_word = re.compile(_WORD).fullmatch
_is_scope = re.compile(rf"{_WORD}(?: {_WORD})*").fullmatch
_is_workflow = re.compile(r"wf-[a-z2-7]{20}").fullmatch
_is_identifier = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch

_algorithm = JWSRegistry(algorithms=[ALGORITHM]).get_alg(ALGORITHM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says, before it is signed. Times are unix seconds."""

    issuer: str
    audience: str
    workflow: str
    role: str
    scope: tuple[str, ...]
    txn: str
    jti: str
    issued_at: int
    expires_at: int


class _Seal:
    """The type of the one value that lets a `VerifiedToken` come into being."""


_SEAL: Final = _Seal()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """The claims of a token whose signature, shape and times held when `verify` looked. Times are unix seconds.

    It has one birthplace. The constructor demands `_SEAL`, a value that only this module holds: without it a
    call neither type-checks nor runs, a subclass is refused, and because the seal is an init-only argument that
    no instance keeps, `dataclasses.replace` cannot make an altered copy either. (Python has no real walls:
    importing the private seal on purpose works, and a test reads the tree to see that nobody does.)
    """

    seal: InitVar[_Seal]
    workflow: str
    role: str
    audience: str
    scope: tuple[str, ...]
    """Scope words, `action:data` or `action`, in the token's order, each once."""
    txn: str
    jti: str
    kid: str
    issued_at: int
    expires_at: int

    def __post_init__(self, seal: _Seal) -> None:
        """Refuses every maker but `verify`."""
        if seal is not _SEAL:
            raise TypeError("a VerifiedToken is made by issuer.token.verify alone")

    def __init_subclass__(cls) -> Never:
        """Refuses a subclass, which could leave the check out."""
        raise TypeError("VerifiedToken has no subclasses")


def is_grant(audience: str, scope: tuple[str, ...]) -> bool:
    """Whether a token for this service with these words can exist: one word or more, each a word and each once."""
    # Word by word: a blank inside one of them would read as two words once they are joined.
    words = bool(scope) and all(_is_word(word) for word in scope) and len(set(scope)) == len(scope)
    return words and _is_name(audience) is not None


def sign(claims: Claims, key: SigningKey) -> str:
    """The compact JWT (RFC 9068, ES256) of `claims`. Raises `ValueError` for claims that `verify` would refuse."""
    said = {
        "iss": claims.issuer,
        "aud": claims.audience,
        "sub": claims.workflow,
        "client_id": claims.role,
        "agent": claims.role,
        "scope": " ".join(claims.scope),
        "workflow": claims.workflow,
        "txn": claims.txn,
        "iat": claims.issued_at,
        "nbf": claims.issued_at,
        "exp": claims.expires_at,
        "jti": claims.jti,
    }
    if not is_grant(claims.audience, claims.scope):
        raise ValueError("these claims cannot be signed: audience or scope is not one that a token can carry")
    try:
        _check_claims(said, claims.issuer, claims.audience)
        _check_times(said, claims.issued_at)
    except Unacceptable as error:
        raise ValueError(f"these claims cannot be signed: {error.message}") from error
    return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}, said, key.key, algorithms=[ALGORITHM])


def verify(
    compact: str, keys: VerifyingKeys, *, issuer: str, audience: str | None, now: int
) -> VerifiedToken | Refused:
    """What the token proves, or why it proves nothing (RFC 7519, RFC 8725, RFC 9068; all refusals are codes).

    `audience` is the service that asks; `None` accepts a token for any one service. `now` is unix seconds; there
    is no leeway, for issuer and gateway share a clock. Never raises for any `compact`.
    """
    try:
        return _verified(compact, keys, issuer, audience, now)
    except Unacceptable as refusal:
        return Refused(refusal.code, refusal.message)


def _verified(
    compact: str, keys: VerifyingKeys, issuer: str, audience: str | None, now: int
) -> VerifiedToken:
    token = read_compact(compact)
    key = keys.get(token.unverified_kid)
    if key is None:
        raise Unacceptable(Code.KEY_UNKNOWN, "The token was signed by a key that is not published.")
    if not _algorithm.verify(token.signing_input, token.signature, key.key):
        raise Unacceptable(Code.SIGNATURE, "The signature does not fit.")
    claims = read_object(token.unverified_payload, "claims set")
    _check_claims(claims, issuer, audience)
    _check_times(claims, now)
    return VerifiedToken(
        seal=_SEAL,
        workflow=claims["workflow"],
        role=claims["agent"],
        audience=claims["aud"],
        scope=tuple(claims["scope"].split(" ")),
        txn=claims["txn"],
        jti=claims["jti"],
        kid=key.kid,
        issued_at=claims["iat"],
        expires_at=claims["exp"],
    )


def _check_claims(claims: dict[str, Any], issuer: str, audience: str | None) -> None:
    _check_shape(claims)
    if claims["iss"] != issuer:
        raise Unacceptable(Code.ISSUER, "The token is from another issuer.")
    if audience is not None and claims["aud"] != audience:
        raise Unacceptable(Code.AUDIENCE, "The token is for another service.")
    if claims["workflow"] != claims["sub"]:
        raise Unacceptable(Code.WORKFLOW, "The subject of a token is its workflow.")
    if claims["agent"] != claims["client_id"]:
        raise Unacceptable(Code.AGENT, "The client of a token is its agent's role.")
    scope = claims["scope"]
    if not _is_scope(scope) or len(set(words := scope.split(" "))) != len(words):
        raise Unacceptable(Code.SCOPE, "The scope is one or more words, each once.")


def _check_shape(claims: dict[str, Any]) -> None:
    """Every claim of the wire form is there, of its type and spelling, and nothing else is."""
    if absent := _CLAIMS - claims.keys():
        raise Unacceptable(Code.CLAIM_MISSING, f"The token lacks {', '.join(sorted(absent))}.")
    if len(claims) != len(_CLAIMS):
        raise Unacceptable(Code.CLAIM_UNKNOWN, "The token says something unknown.")
    for name in _TEXTS:
        if type(claims[name]) is not str:
            raise Unacceptable(Code.CLAIM_TYPE, f"{name} is one string.")
    for name in _TIMES:
        # `type`, not `isinstance`: JSON's true is an int to Python.
        if type(claims[name]) is not int or not 0 <= claims[name] < _LAST_TIME:
            raise Unacceptable(Code.CLAIM_TYPE, f"{name} is a whole number of unix seconds.")
    if not (_is_name(claims["aud"]) and _is_name(claims["agent"]) and _is_workflow(claims["workflow"])):
        raise Unacceptable(Code.CLAIM_MALFORMED, "aud, agent or workflow is not a name of that kind.")
    if not (_is_identifier(claims["txn"]) and _is_identifier(claims["jti"])):
        raise Unacceptable(Code.CLAIM_MALFORMED, "txn or jti is not an identifier.")


def _check_times(claims: dict[str, Any], now: int) -> None:
    issued, begins, ends = claims["iat"], claims["nbf"], claims["exp"]
    if not (issued <= begins < ends and ends - issued <= MAX_LIFETIME_S):
        raise Unacceptable(Code.LIFETIME, f"A token lives from iat to exp, at most {MAX_LIFETIME_S} seconds.")
    if begins > now:
        raise Unacceptable(Code.NOT_YET, "The token is not valid yet.")
    if ends <= now:
        raise Unacceptable(Code.EXPIRED, "The token has expired.")

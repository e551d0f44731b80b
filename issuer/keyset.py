"""Keys as values: the one that signs, those that verify, and their public form, a JWKS (RFC 7517); pure.

A key is parsed once and then held parsed (reading one costs far more than a signature). Only ES256 keys
exist here, and a key's name is always its RFC 7638 thumbprint, so that a name cannot be given to another key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from issuer.compact import ALGORITHM, read_object
from issuer.refusal import Unacceptable

_CURVE = "P-256"
_MAX_KEYS = 32
"""A JWKS of ours has two or three; more than this is not one of ours."""


class JwksError(ValueError):
    """A JWKS cannot be used: not JSON, a key of another kind, a private key, or a false name."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public P-256 key and its thumbprint."""

    kid: str
    key: ECKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private P-256 key and its thumbprint; prints without the key."""

    kid: str
    key: ECKey = field(repr=False, compare=False)

    def public(self) -> VerifyingKey:
        """The half that anybody may have."""
        return VerifyingKey(self.kid, ECKey.import_key(self.key.as_dict(private=False)))


VerifyingKeys = Mapping[str, VerifyingKey]


def generate_key() -> SigningKey:
    """A new key from the operating system's randomness."""
    return _named(ECKey.generate_key(_CURVE))


def read_pem(pem: bytes) -> SigningKey:
    """The private key in `pem` (PKCS#8); raises `JwksError` for anything else."""
    try:
        key = ECKey.import_key(pem)
    except (ValueError, TypeError, JoseError) as error:
        raise JwksError("not a PEM file with an EC private key") from error
    if not key.is_private or key.curve_name != _CURVE:
        raise JwksError(f"not a private key on {_CURVE}")
    return _named(key)


def write_jwks(keys: Iterable[VerifyingKey]) -> dict[str, Any]:
    """The public keys as a JWKS document, each with `use`, `alg` and `kid`."""
    return {
        "keys": [
            {**each.key.as_dict(private=False), "kid": each.kid, "use": "sig", "alg": ALGORITHM}
            for each in keys
        ]
    }


def read_jwks(document: bytes) -> dict[str, VerifyingKey]:
    """The keys of a JWKS, by kid. Raises `JwksError` if one of them is not a public ES256 key of this form."""
    try:
        entries = read_object(document, "JWKS").get("keys")
    except Unacceptable as error:
        raise JwksError(error.message) from None
    if not isinstance(entries, list) or len(entries) > _MAX_KEYS:
        raise JwksError("a JWKS holds a list of keys, a short one")
    keys = [_read_public(entry) for entry in entries]
    return {key.kid: key for key in keys}


def _read_public(entry: object) -> VerifyingKey:
    if not isinstance(entry, dict) or entry.get("kty") != "EC" or entry.get("crv") != _CURVE or "d" in entry:
        raise JwksError(f"a key of a JWKS is a public key on {_CURVE}")
    if entry.get("alg", ALGORITHM) != ALGORITHM or entry.get("use", "sig") != "sig":
        raise JwksError(f"a key of a JWKS is for {ALGORITHM} signatures")
    try:
        key = ECKey.import_key({name: entry[name] for name in ("kty", "crv", "x", "y")})
    except (KeyError, TypeError, ValueError, JoseError) as error:
        raise JwksError("a key of a JWKS cannot be read") from error
    if entry.get("kid") != key.thumbprint():
        raise JwksError("the kid of a key is its RFC 7638 thumbprint")
    return VerifyingKey(key.thumbprint(), key)


def _named(key: ECKey) -> SigningKey:
    return SigningKey(key.thumbprint(), key)

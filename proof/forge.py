"""Tokens as an attacker would make them: from a genuine one, with one thing changed, signed with any key at all.

It signs with the issuer's own key where a flaw must not hide behind a bad signature.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

_ES256: Final = JWSRegistry(algorithms=["ES256"]).get_alg("ES256")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A genuine token taken apart, and the keys at hand."""

    header: Document
    claims: Document
    key: ECKey
    """The issuer's own."""
    other: ECKey
    """The attacker's own."""

    def signed(self, header: Document | bytes, claims: Document | bytes, *, key: ECKey | None = None) -> str:
        """A compact token over any header and claims."""
        told = f"{segment(header)}.{segment(claims)}"
        return f"{told}.{encoded(_ES256.sign(told.encode('ascii'), key or self.key))}"

    def with_header(self, **changed: Any) -> str:
        """One thing changed in the header; None takes it away."""
        return self.signed(_changed(self.header, changed), self.claims)

    def with_claims(self, **changed: Any) -> str:
        """One thing changed in the claims; None takes it away."""
        return self.signed(self.header, _changed(self.claims, changed))


def take_apart(token: str, keys: Path) -> Draft:
    """A draft from a genuine token and the folder of the issuer's keys."""
    header, claims = (json.loads(decoded(part)) for part in token.split(".")[:2])
    key = ECKey.import_key((keys / f"{header['kid']}.pem").read_bytes())
    return Draft(header, claims, key, ECKey.generate_key("P-256"))


def segment(value: Document | bytes) -> str:
    """One segment of a token."""
    return encoded(value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode())


def encoded(raw: bytes) -> str:
    """Base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """The bytes of a segment."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _changed(document: Document, changed: Document) -> Document:
    return {name: value for name, value in {**document, **changed}.items() if value is not None}

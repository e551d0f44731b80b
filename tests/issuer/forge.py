"""Makes tokens of every wrong shape, by hand, so that no library's good manners stand in the way.

Only for tests. What signs here is a real ES256 key; what is signed is whatever a test asks for.
"""

import base64
import json
from typing import Any

from joserfc.jws import JWSRegistry

from issuer.keyset import SigningKey

ISSUER = "http://127.0.0.1:8201"
AUDIENCE = "crash-reporting"
WORKFLOW = "wf-" + "a2" * 10
NOW = 1_763_890_000
_es256 = JWSRegistry(algorithms=["ES256"]).get_alg("ES256")

Json = dict[str, Any]


def header(key: SigningKey, **changes: Any) -> Json:
    """The right header with changes; `None` leaves a name out."""
    return _changed({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, changes)


def claims(**changes: Any) -> Json:
    """The right claims with changes; `None` leaves a name out."""
    right: Json = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": WORKFLOW,
        "client_id": "crash-tracker",
        "agent": "crash-tracker",
        "scope": "read:crash-reports read:stack-traces",
        "workflow": WORKFLOW,
        "txn": "d-" + "b" * 26,
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 300,
        "jti": "q" * 22,
    }
    return _changed(right, changes)


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def text(document: Any) -> bytes:
    """The document as JSON bytes."""
    return json.dumps(document, separators=(",", ":")).encode()


def seal(key: SigningKey, raw_header: bytes, raw_claims: bytes) -> str:
    """A token with these exact header and claims bytes and a true signature over them."""
    signing_input = f"{encode(raw_header)}.{encode(raw_claims)}"
    return f"{signing_input}.{encode(_es256.sign(signing_input.encode(), key.key))}"


def token(key: SigningKey, changed_header: Json | None = None, **changed_claims: Any) -> str:
    """A token with a true signature, right but for these changes."""
    return seal(key, text(header(key, **(changed_header or {}))), text(claims(**changed_claims)))


def _changed(right: Json, changes: Json) -> Json:
    return {name: value for name, value in {**right, **changes}.items() if value is not None}

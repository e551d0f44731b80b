"""Why a token is refused: the closed list of codes, the value that says so, and the exception used inside.

Pure. No code outside `issuer.compact` and `issuer.token` raises `Unacceptable`; nobody outside ever sees it.
"""

import enum
from dataclasses import dataclass


class Code(enum.StrEnum):
    """The stable code of each way in which a token can be wrong."""

    TOO_LARGE = "token.too_large"
    MALFORMED = "token.malformed"
    JSON_SERIALISATION = "token.json_serialisation"
    ENCRYPTED = "token.encrypted"
    ENCODING = "token.encoding_not_canonical"
    JSON = "token.json_invalid"
    DUPLICATE_KEY = "token.duplicate_key"
    HEADER_NAMES_KEY = "token.header_names_key"
    HEADER_CRITICAL = "token.header_critical"
    HEADER_UNKNOWN = "token.header_unknown"
    ALGORITHM = "token.algorithm_refused"
    TYPE = "token.type_refused"
    KEY_UNKNOWN = "token.key_unknown"
    SIGNATURE = "token.signature_invalid"
    CLAIM_MISSING = "token.claim_missing"
    CLAIM_TYPE = "token.claim_type"
    CLAIM_MALFORMED = "token.claim_malformed"
    CLAIM_UNKNOWN = "token.claim_unknown"
    ISSUER = "token.issuer_refused"
    AUDIENCE = "token.audience_refused"
    WORKFLOW = "token.workflow_not_subject"
    AGENT = "token.agent_not_client"
    SCOPE = "token.scope_malformed"
    LIFETIME = "token.lifetime_refused"
    NOT_YET = "token.not_yet_valid"
    EXPIRED = "token.expired"


@dataclass(frozen=True, slots=True)
class Refused:
    """A token was not accepted. `message` is ours: it never repeats a byte of the token."""

    code: Code
    message: str


class Unacceptable(Exception):
    """Raised by the checks below `verify`, and turned into `Refused` there."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

"""What one line of the log may say: three entry types and their one canonical byte form.

Pure. Holds no clock, randomness or I/O. Promises that `decode(encode(entry)) == entry` and that bytes which
`decode` accepts are exactly the RFC 8785 form, so that a digest of an entry means the same to everybody.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, assert_never

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

MAX_ENTRY_BYTES: Final = 65_535
MAX_INTEGER: Final = 2**53 - 1  # RFC 8785 writes numbers as IEEE doubles: beyond this they stop being exact
METHOD_LIMIT: Final = 32
TARGET_LIMIT: Final = 2_048

Document = dict[str, Any]
Milliseconds = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
DecisionId = Annotated[str, Meta(pattern=r"\Ad-[0-9A-Za-z]{26}\Z")]
Digest = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]
SideDigest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Revision = Annotated[str, Meta(pattern=r"\A[0-9a-f]{0,64}\Z")]


class EntryInvalid(ValueError):
    """The entry cannot stand in the log; the text says why."""


class EntryTooLarge(EntryInvalid):
    """The entry takes more than `MAX_ENTRY_BYTES`; larger things are logged by their SHA-256."""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason of a decision, as policy or the gateway gave it."""

    code: str
    rule: str
    message: str
    audience: Literal["agent", "operator"]


class Obligation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing the gateway or issuer had to do with the decision."""

    id: str
    type: str
    properties: Document


class RefusedRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was asked when the request was refused before policy. Make it with `refused_request`."""

    method: Annotated[str, Meta(pattern=r"\A[ -~]*\Z", max_length=METHOD_LIMIT)]
    target: Annotated[str, Meta(pattern=r"\A[ -~]*\Z", max_length=TARGET_LIMIT)]


class DecisionEntry(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="decision"
):
    """The intent: what was asked and what was decided, durable before anything happens.

    `input` is what policy was shown and `input_sha256` its `document_digest` (or "": not stated). An input that is too
    large, or that may have to be forgotten, stands in the side store: then `input` is null, and `side` is its salted
    digest (see `side_store`). `request` is set for kind "refusal" and for no other kind.
    """

    v: Literal[1] = 1
    time: Milliseconds
    id: DecisionId
    kind: Literal["request", "token", "change", "refusal"]
    workflow: str
    role: str
    decision: Literal["allow", "deny", "hold"]
    source: Literal["policy", "gateway"]
    reasons: list[Reason]
    obligations: list[Obligation]
    input: Document | None
    input_sha256: Digest
    revision: Revision
    request: RefusedRequest | UnsetType = UNSET
    side: SideDigest | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Hold `kind` and `request` together, `side` and `input` apart; a refusal never allows."""
        if (self.kind == "refusal") != (self.request is not UNSET):
            raise ValueError('`request` stands in entries of kind "refusal" and in no others')
        if self.kind == "refusal" and (self.decision != "deny" or self.input is not None):
            raise ValueError("a refusal is a denial and never reached policy")
        # A digest of the bare input would tell who can guess it what was forgotten.
        if self.side is not UNSET and (self.input is not None or self.input_sha256 or self.kind == "refusal"):
            raise ValueError("an input that stands aside is told by nothing but its salted digest")


class OutcomeEntry(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="outcome"
):
    """What became of one decision: at most one for each, always after it."""

    v: Literal[1] = 1
    time: Milliseconds
    decision: DecisionId
    forwarded: bool
    result: Literal[
        "completed", "upstream_error", "client_gone", "cut", "timeout", "body_too_large", "issued"
    ]
    status: Count
    bytes_in: Count
    bytes_out: Count
    ms: Count


class EventEntry(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="event"
):
    """Something that happened to the system itself: a workflow, a channel, the policy, a key."""

    v: Literal[1] = 1
    time: Milliseconds
    event: Annotated[str, Meta(pattern=r"\A[a-z_]+\.[a-z_]+\Z")]
    workflow: str
    detail: dict[str, str | int]


Entry = DecisionEntry | OutcomeEntry | EventEntry

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Canonical bytes of an entry (RFC 8785: sorted ASCII keys, no blanks, no floats, integers below 2^53).

    Raises EntryTooLarge over `MAX_ENTRY_BYTES`, EntryInvalid for a value that has no canonical form.
    """
    try:
        encoded = _ENCODER.encode(entry)
    except (TypeError, ValueError, RecursionError) as error:
        raise EntryInvalid(str(error)) from error
    _check_values(_free_values(entry), keys_are_ascii=encoded.isascii())
    if len(encoded) > MAX_ENTRY_BYTES:
        raise EntryTooLarge(f"the entry takes {len(encoded)} bytes, at most {MAX_ENTRY_BYTES} are allowed")
    return encoded


def decode(encoded: bytes) -> Entry:
    """The entry that these bytes are. Raises EntryInvalid unless they are valid **and** canonical."""
    try:
        entry = _DECODER.decode(encoded)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors, bad UTF-8 is one too
        raise EntryInvalid(str(error)) from error
    if encode(entry) != encoded:
        raise EntryInvalid("the bytes are not the canonical form of the entry")
    return entry


def entry_id(entry: Entry) -> str:
    """The decision that the entry is or belongs to; "" for an event."""
    match entry:
        case DecisionEntry():
            return entry.id
        case OutcomeEntry():
            return entry.decision
        case EventEntry():
            return ""
        case _ as never:
            assert_never(never)


def decision_id(entropy: bytes) -> str:
    """A decision's name from 16 random bytes: "d-" and 26 letters of base32 (RFC 4648, lower case, unpadded)."""
    if len(entropy) != 16:  # noqa: PLR2004  # 128 bits: two ids never meet
        raise ValueError("a decision id is made of exactly 16 random bytes")
    return "d-" + base64.b32encode(entropy)[:26].decode("ascii").lower()


def document_digest(document: Document) -> str:
    """SHA-256 in hex over the canonical bytes of a policy input: the value of `input_sha256`.

    Raises EntryInvalid for a value that has no canonical form.
    """
    return hashlib.sha256(encode_document(document)).hexdigest()


def encode_document(document: Document) -> bytes:
    """Canonical bytes of a policy input. Raises EntryInvalid for a value that has no canonical form."""
    try:
        encoded = _ENCODER.encode(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise EntryInvalid(str(error)) from error
    _check_values((document,), keys_are_ascii=encoded.isascii())
    return encoded


def refused_request(method: str, target: str) -> RefusedRequest:
    """Method and target of a request that was refused before policy, made safe to store and to print."""
    return RefusedRequest(
        method=quote_untrusted(method, METHOD_LIMIT), target=quote_untrusted(target, TARGET_LIMIT)
    )


def quote_untrusted(text: str, limit: int) -> str:
    r"""Text that an agent chose, as at most `limit` printable ASCII characters that cannot steer a terminal.

    Everything else becomes an escape (`\n`, `\x1b`, `\u202e`; a backslash is doubled). What does not fit is cut
    and ends in `\+N`, N being the number of characters left out: no escape begins so, hence it cannot be forged.
    `limit` is at least 16.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and "\\" not in text:
        return text
    quoted = [_quote_character(character) for character in text[: limit + 1]]
    if len(text) <= limit and sum(map(len, quoted)) <= limit:
        return "".join(quoted)
    room = limit - len(f"\\+{len(text)}")
    kept = 0
    while kept < len(quoted) and len(quoted[kept]) <= room:
        room -= len(quoted[kept])
        kept += 1
    return "".join(quoted[:kept]) + f"\\+{len(text) - kept}"


def _quote_character(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _free_values(entry: Entry) -> Iterable[object]:
    """The values of an entry whose types alone do not make them canonical."""
    match entry:
        case DecisionEntry():
            return (entry.time, entry.input, *[obligation.properties for obligation in entry.obligations])
        case OutcomeEntry():
            return (entry.time, entry.status, entry.bytes_in, entry.bytes_out, entry.ms)
        case EventEntry():
            return (entry.time, entry.detail)
        case _ as never:
            assert_never(never)


def _check_values(values: Iterable[object], *, keys_are_ascii: bool) -> None:
    for value in values:  # the order of these tests is the order of how often they hit
        if type(value) is str or value is None or type(value) is bool:
            continue
        if type(value) is int:
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise EntryInvalid(f"{value} is an integer beyond 2^53 - 1: log it as text")
        elif type(value) is dict:
            if not keys_are_ascii and not all(key.isascii() for key in value):
                raise EntryInvalid("a key holds other than ASCII characters: log it as a list of pairs")
            if value:
                _check_values(value.values(), keys_are_ascii=keys_are_ascii)
        elif type(value) is list:
            _check_values(value, keys_are_ascii=keys_are_ascii)
        else:
            raise EntryInvalid(f"{value!r:.60} ({type(value).__name__}) has no exact canonical form")

"""Reading what policy answered: bytes in, a `Decision` out; pure, and unknown means no.

Only a complete, schema-valid document whose every obligation is known becomes anything but a `Deny`.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from decision.model import (
    Allow,
    Decision,
    Deny,
    Hold,
    IssueToken,
    RateLimit,
    Reason,
    Terms,
    gateway_denial,
)


class _Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ref: str


class _RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    limit: int
    window_s: int
    cost: int


class _Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: int


class _IssueToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    audience: str
    scope: tuple[str, ...]
    ttl_s: int


class InjectCredential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="inject_credential"):
    """Send the credential of this reference with the call."""

    id: str
    properties: _Credential


class LimitRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="rate_limit"):
    """Count this attempt, and deny it when the count is above the limit."""

    id: str
    properties: _RateLimit


class MaxBodyBytes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="max_body_bytes"):
    """Refuse a larger request body."""

    id: str
    properties: _Limit


class TimeoutMs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="timeout_ms"):
    """Give the upstream at most so long for the head of its answer."""

    id: str
    properties: _Limit


class MayIssueToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="issue_token"):
    """The issuer may sign one token of this shape."""

    id: str
    properties: _IssueToken


Obligation = InjectCredential | LimitRate | MaxBodyBytes | TimeoutMs | MayIssueToken


class HoldTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may turn the denial into an approval, how many of them it takes, and how long it waits."""

    template: str
    approvers: tuple[str, ...]
    needed: Annotated[int, msgspec.Meta(ge=1)]
    expires_in_s: Annotated[int, msgspec.Meta(ge=1)]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decision document, version 1. The JSON Schema in `decision/schemas/` is generated from this type."""

    version: Literal["1"]
    allow: bool
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    hold: HoldTerms | None
    cacheable_s: int


_OK = 200  # the one status that carries a decision
_ABSENT = msgspec.Raw()


class _Answer(msgspec.Struct, frozen=True):
    """What OPA's data API wraps around a document; a `warning` means that it was asked wrongly."""

    result: msgspec.Raw = _ABSENT
    warning: msgspec.Raw = _ABSENT


class _Whole(msgspec.Struct, frozen=True):
    """The same with a document in it that is right: read in one pass, which is a fifth of the cost."""

    result: Document | msgspec.UnsetType = msgspec.UNSET
    warning: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Kind(msgspec.Struct, frozen=True):
    type: str


class _Kinds(msgspec.Struct, frozen=True):
    obligations: tuple[_Kind, ...]


KNOWN_OBLIGATIONS = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (InjectCredential, LimitRate, MaxBodyBytes, TimeoutMs, MayIssueToken)
)

_answer = msgspec.json.Decoder(_Answer)
_batch = msgspec.json.Decoder(dict[str, msgspec.Raw])
_document = msgspec.json.Decoder(Document)
_whole = msgspec.json.Decoder(_Whole)
_kinds = msgspec.json.Decoder(_Kinds)

# msgspec raises the last two for bytes that are not UTF-8 and for very deep nesting.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ASK_OPERATOR = "Ask the operator of this gateway; the decision id finds the cause in its log."


def read_answer(status: int, body: bytes) -> Decision:
    """The decision that an answer of OPA's data API to one question holds.

    Promises: anything but HTTP 200 with a valid document and no warning is a `Deny` with the code
    `pdp_error`, `pdp_undefined`, `decision_invalid`, `obligation_unsupported` or `obligation_failed`.
    """
    if status == _OK:
        try:
            whole = _whole.decode(body)
        except _UNREADABLE:
            pass  # what exactly is wrong is found below
        else:
            if whole.warning is msgspec.UNSET and whole.result is not msgspec.UNSET:
                return _decide(whole.result)
    result = _result_of(status, body)
    return result if isinstance(result, Deny) else read_document(result)


def read_document(raw: bytes | msgspec.Raw) -> Decision:
    """The decision that one decision document means."""
    try:
        document = _document.decode(raw)
    except _UNREADABLE as error:
        return _unknown_obligation(raw) or _invalid(str(error))
    return _decide(document)


def read_batch(
    status: int, body: bytes, count: int, read: Callable[[msgspec.Raw], Decision] = read_document
) -> tuple[Decision, ...] | Deny:
    """The decisions that an answer to `count` questions holds, in their order; a missing one is undefined.

    A single `Deny` says that the answer as a whole is none: that is about the batch, not about its questions.
    """
    result = _result_of(status, body)
    if isinstance(result, Deny):
        return result
    try:
        documents = _batch.decode(result)
    except _UNREADABLE:
        return _invalid("the batch is not an object")
    found = (documents.get(str(place)) for place in range(count))
    return tuple(_undefined() if document is None else read(document) for document in found)


def _decide(document: Document) -> Decision:
    terms = _merge(document.obligations)
    if isinstance(terms, Deny):
        return terms
    if document.hold is not None:
        return _hold(document, document.hold, terms)
    if document.allow:
        return Allow(terms=terms, reasons=document.reasons)
    if not document.reasons:
        return _invalid("a denial without a reason")
    return Deny(reasons=document.reasons, terms=terms)


def _hold(document: Document, hold: HoldTerms, terms: Terms) -> Decision:
    if document.allow:
        return _invalid("a hold that also allows")
    return Hold(
        reasons=document.reasons,
        template=hold.template,
        approvers=hold.approvers,
        expires_in_s=hold.expires_in_s,
        terms=terms,
        needed=hold.needed,
    )


def _result_of(status: int, body: bytes) -> msgspec.Raw | Deny:
    if status != _OK:
        return gateway_denial(
            "pdp_error", f"The policy engine answered HTTP {status}.", _ASK_OPERATOR, retry="retry"
        )
    try:
        answer = _answer.decode(body)
    except _UNREADABLE as error:
        return _invalid(str(error))
    if answer.warning != _ABSENT:
        return gateway_denial(
            "pdp_error", "The policy engine warned that it was asked wrongly.", _ASK_OPERATOR
        )
    if answer.result == _ABSENT:
        return _undefined()
    return answer.result


def _merge(obligations: tuple[Obligation, ...]) -> Terms | Deny:
    """The strictest reading of all obligations together; two credentials are a conflict and deny."""
    credentials: set[str] = set()
    rates: list[RateLimit] = []
    bodies: list[int] = []
    timeouts: list[int] = []
    tokens: list[IssueToken] = []
    for obligation in obligations:
        match obligation:
            case InjectCredential(properties=of):
                credentials.add(of.ref)
            case LimitRate(properties=of):
                rates.append(RateLimit(of.key, of.limit, of.window_s, of.cost))
            case MaxBodyBytes(properties=of):
                bodies.append(of.limit)
            case TimeoutMs(properties=of):
                timeouts.append(of.limit)
            case MayIssueToken(properties=of):
                tokens.append(IssueToken(of.audience, of.scope, of.ttl_s))
    if len(credentials) > 1:
        return gateway_denial(
            "obligation_failed", "Policy names two credentials for one call.", _ASK_OPERATOR
        )
    return Terms(
        credential=next(iter(credentials), None),
        rate_limits=tuple(rates),
        max_body_bytes=min(bodies, default=None),
        timeout_ms=min(timeouts, default=None),
        tokens=tuple(tokens),
    )


def _unknown_obligation(raw: bytes | msgspec.Raw) -> Deny | None:
    """The denial for an obligation that does not exist here; `None` where something else is wrong."""
    try:
        kinds = _kinds.decode(raw).obligations
    except _UNREADABLE:
        return None
    unknown = [kind.type for kind in kinds if kind.type not in KNOWN_OBLIGATIONS]
    if not unknown:
        return None
    message = f"Policy demands {unknown[0]!r}, which this gateway cannot do."
    return gateway_denial("obligation_unsupported", message, _ASK_OPERATOR)


def _undefined() -> Deny:
    return gateway_denial("pdp_undefined", "Policy has no answer to this question.", _ASK_OPERATOR)


def _invalid(why: str) -> Deny:
    return gateway_denial("decision_invalid", f"Policy answered something unreadable: {why}.", _ASK_OPERATOR)

"""What the issuer writes to the log: questions, outcomes and events as entries; pure."""

from typing import Literal

import msgspec

from audit.entry import (
    DecisionEntry,
    EventEntry,
    Obligation,
    OutcomeEntry,
    Reason as RecordedReason,
    document_digest,
    quote_untrusted,
)
from decision.model import Allow, Decision, Deny, Hold, Reason, Source
from decision.question import TokenQuestion, encode_question
from issuer.token import VerifiedToken
from issuer.workflows import Workflow

_TASK_SHOWN = 256

HOLD_NO_APPROVER = Reason(
    code="hold_no_approver",
    message="Policy holds this for a person's approval, and nobody is named who could approve it.",
    remedy="Name approvers in the policy, or ask for less.",
    rule="issuer.hold_no_approver",
)


def reasons_of(decision: Decision) -> tuple[Reason, ...]:
    """The reasons as they are recorded and answered; a hold, which nobody can approve yet, says so first."""
    match decision:
        case Allow(reasons=reasons) | Deny(reasons=reasons):
            return reasons
        case Hold(reasons=reasons):
            return (HOLD_NO_APPROVER, *reasons)


def intent(
    decision_id: str, question: TokenQuestion, decision: Decision, *, time_ms: int, revision: str
) -> DecisionEntry:
    """The entry that must be durable before a token is signed."""
    asked = msgspec.json.decode(encode_question(question))
    return DecisionEntry(
        time=time_ms,
        id=decision_id,
        kind="token",
        workflow=question.workflow,
        role=question.role,
        decision=_word(decision),
        source="gateway" if _is_ours(decision) else "policy",
        reasons=[
            RecordedReason(code=each.code, rule=each.rule, message=each.message, audience=each.audience)
            for each in reasons_of(decision)
        ],
        obligations=[
            Obligation(
                id=f"token-{place}",
                type="issue_token",
                properties={"audience": each.audience, "scope": list(each.scope), "ttl_s": each.ttl_s},
            )
            for place, each in enumerate(decision.terms.tokens)
        ],
        input=asked,
        input_sha256=document_digest(asked),
        revision=revision,
    )


def issued(decision_id: str, *, time_ms: int, took_ms: int) -> OutcomeEntry:
    """The tokens of this decision were signed and handed out."""
    return OutcomeEntry(
        time=time_ms,
        decision=decision_id,
        forwarded=False,
        result="issued",
        status=200,
        bytes_in=0,
        bytes_out=0,
        ms=took_ms,
    )


def workflow_started(workflow: Workflow, decision_id: str, *, time_ms: int) -> EventEntry:
    """A workflow begins; its tokens leave after this entry is durable."""
    detail: dict[str, str | int] = {
        "role": workflow.role,
        "decision": decision_id,
        "expires_at": workflow.expires_at,
        "only": " ".join(workflow.only),
        "task": quote_untrusted(workflow.task, _TASK_SHOWN),
    }
    return EventEntry(time=time_ms, event="workflow.started", workflow=workflow.id, detail=detail)


def workflow_ended(workflow: Workflow, *, time_ms: int) -> EventEntry:
    """A workflow is over, and with it every token of it."""
    detail: dict[str, str | int] = {"role": workflow.role, "reason": str(workflow.ended_reason)}
    return EventEntry(time=time_ms, event="workflow.ended", workflow=workflow.id, detail=detail)


def token_revoked(token: VerifiedToken, *, time_ms: int) -> EventEntry:
    """A resource server asked to revoke a token that was issued for it."""
    detail: dict[str, str | int] = {"jti": token.jti, "audience": token.audience, "decision": token.txn}
    return EventEntry(time=time_ms, event="token.revoked", workflow=token.workflow, detail=detail)


def key_rotated(kid: str, signs_from: int, *, time_ms: int) -> EventEntry:
    """A new key is about to be published; it signs from `signs_from` on (unix seconds)."""
    detail: dict[str, str | int] = {"kid": kid, "signs_from": signs_from}
    return EventEntry(time=time_ms, event="key.rotated", workflow="", detail=detail)


def _is_ours(decision: Decision) -> bool:
    return isinstance(decision, Deny) and decision.source is Source.GATEWAY


def _word(decision: Decision) -> Literal["allow", "deny", "hold"]:
    match decision:
        case Allow():
            return "allow"
        case Deny():
            return "deny"
        case Hold():
            return "hold"

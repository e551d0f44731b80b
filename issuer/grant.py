"""From a decision to claims: what is asked of policy, and what an allow lets the issuer sign; pure.

The issuer signs exactly what the decision's `issue_token` obligations say, cut to the longest lifetime and to
the workflow's deadline. It adds nothing, and an allow that it cannot follow to the letter becomes a denial.
"""

from decision.model import Allow, Decision, Deny, IssueToken, gateway_denial
from decision.question import TokenQuestion
from issuer.token import MAX_LIFETIME_S, Claims, is_grant
from issuer.workflows import Workflow

_ASK_OPERATOR = "Ask the operator of this gateway; the decision id finds the cause in its log."


def question_of(workflow: Workflow, now: int, *, renewal: bool) -> TokenQuestion:
    """The question whether this workflow may have tokens for the rest of its time, as it stands at `now`."""
    return TokenQuestion(
        now=now,
        workflow=workflow.id,
        role=workflow.role,
        only=workflow.only,
        ttl_s=workflow.expires_at - now,
        renewal=renewal,
    )


def performable(decision: Decision) -> Decision:
    """The decision itself, or the denial that takes the place of an allow which cannot be followed."""
    if not isinstance(decision, Allow):
        return decision
    tokens = decision.terms.tokens
    if not tokens:
        return _denial("Policy allows, and names no token that may be issued.")
    if len({token.audience for token in tokens}) != len(tokens):
        return _denial("Policy names two tokens for one service.")
    if not all(is_grant(token.audience, token.scope) and token.ttl_s > 0 for token in tokens):
        return _denial("Policy names a token that cannot be made.")
    return decision


def claims_of(
    workflow: Workflow, token: IssueToken, question: TokenQuestion, *, issuer: str, txn: str, jti: str
) -> Claims:
    """The claims of one token that policy allowed.

    `txn` is the id of the recorded decision, so an upstream's own log leads back to ours.
    """
    lifetime = min(token.ttl_s, MAX_LIFETIME_S)
    return Claims(
        issuer=issuer,
        audience=token.audience,
        workflow=workflow.id,
        role=workflow.role,
        scope=token.scope,
        txn=txn,
        jti=jti,
        issued_at=question.now,
        expires_at=min(question.now + lifetime, workflow.expires_at),
    )


def _denial(message: str) -> Deny:
    return gateway_denial("obligation_failed", message, _ASK_OPERATOR)

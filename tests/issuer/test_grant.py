"""`issuer.grant`: from a workflow to a question, from a decision to claims."""

import pytest

from decision.model import Allow, Deny, Hold, IssueToken, Reason, Source, Terms
from issuer.grant import claims_of, performable, question_of
from issuer.token import MAX_LIFETIME_S
from issuer.workflows import Workflow

NOW = 1_763_890_000
REASON = Reason(code="c", message="m", remedy="r", rule="r")
TOKEN = IssueToken("telemetry", ("read:telemetry",), 300)


def workflow(ttl_s: int) -> Workflow:
    return Workflow(
        id="wf-" + "a" * 20,
        role="telemetry-analyzer",
        only=("read:telemetry",),
        task="",
        started_at=NOW,
        expires_at=NOW + ttl_s,
    )


def test_the_question_holds_what_is_left_of_the_workflow() -> None:
    """A renewal is asked with the same narrower scope and the seconds that remain."""
    question = question_of(workflow(600), NOW + 450, renewal=True)
    assert (question.ttl_s, question.only, question.renewal) == (150, ("read:telemetry",), True)
    assert (question.now, question.role) == (NOW + 450, "telemetry-analyzer")


@pytest.mark.parametrize(
    "decision",
    [
        Allow(Terms(tokens=(TOKEN,))),
        Deny((REASON,)),
        Hold((REASON,), "t", (), 600),
    ],
)
def test_what_can_be_followed_stays_as_it_is(decision: Allow | Deny | Hold) -> None:
    """Denials, holds and allows with good tokens pass unchanged."""
    assert performable(decision) is decision


@pytest.mark.parametrize(
    "tokens",
    [
        (),
        (TOKEN, IssueToken("telemetry", ("read:other",), 300)),
        (TOKEN, IssueToken("crash-reporting", (), 300)),
        (IssueToken("Telemetry", ("read:telemetry",), 300),),
        (IssueToken("telemetry", ("*",), 300),),
        (IssueToken("telemetry", ("read:a read:b",), 300),),
        (IssueToken("telemetry", ("read:a", "read:a"), 300),),
        (IssueToken("telemetry", ("read:telemetry",), 0),),
        (IssueToken("telemetry", ("read:telemetry",), -5),),
    ],
)
def test_an_allow_that_cannot_be_followed_is_a_denial(tokens: tuple[IssueToken, ...]) -> None:
    """No token, two for one service, or one that cannot exist: none is signed, not even the good ones beside it."""
    denied = performable(Allow(Terms(tokens=tokens)))
    assert isinstance(denied, Deny)
    assert (denied.source, denied.reasons[0].code) == (Source.GATEWAY, "obligation_failed")


@pytest.mark.parametrize(
    ("workflow_ttl_s", "allowed_s", "lifetime_s"),
    [(600, 300, 300), (600, 60, 60), (600, 86_400, MAX_LIFETIME_S), (7, 300, 7), (7, 5, 5)],
)
def test_a_token_lives_as_long_as_the_shortest_of_three(
    workflow_ttl_s: int, allowed_s: int, lifetime_s: int
) -> None:
    """What policy allows, five minutes, the workflow's deadline: the least of them counts."""
    of = workflow(workflow_ttl_s)
    allowed = IssueToken("telemetry", ("read:telemetry",), allowed_s)
    claims = claims_of(of, allowed, question_of(of, NOW, renewal=False), issuer="http://i", txn="t", jti="j")
    assert claims.expires_at - claims.issued_at == lifetime_s
    assert (claims.audience, claims.scope) == ("telemetry", ("read:telemetry",))

"""What a decision on a change does to the decision on its call: it makes it stricter, and nothing else."""

from decision.model import Allow, Deny, Hold, RateLimit, Reason, Source, Terms
from gateway.asking import _refused, _stricter


def reason(code: str) -> Reason:
    """A reason with this code."""
    return Reason(code=code, message="m", remedy="r", rule="x")


COUNTED = Terms(credential="key", rate_limits=(RateLimit("role:a", 5, 60, 1),))
ALLOW = Allow(COUNTED)
HOLD = Hold((reason("change.irreversible"),), "merge", ("ada",), 60)
DENY = Deny((reason("request.secret_outbound"),))


def test_a_call_whose_change_is_refused_is_an_attempt_without_a_credential() -> None:
    """Its reasons are the change's, the gateway says so, and it counts under the role's limits like any other.

    Without the limits an agent could have had changes described all day, at two test runs a time.
    """
    refused = _refused(Deny((reason("change.finding"),)), ALLOW)
    assert [each.code for each in refused.reasons] == ["change.finding"]
    assert refused.source is Source.GATEWAY
    assert refused.terms == Terms(rate_limits=COUNTED.rate_limits)


def test_that_no_jury_was_asked_is_told_only_where_nothing_else_is_wrong() -> None:
    """It was not asked because of the others: the agent could do nothing about it."""
    both = Deny((reason("change.not_judged"), reason("change.finding")))
    assert [each.code for each in _refused(both, ALLOW).reasons] == ["change.finding"]
    alone = Deny((reason("change.not_judged"),))
    assert [each.code for each in _refused(alone, ALLOW).reasons] == ["change.not_judged"]


def test_a_change_never_makes_a_call_more_than_it_is() -> None:
    """A held change holds an allowed call, on the call's own terms; a denied or held call stays what it is."""
    held = _stricter(HOLD, ALLOW)
    assert isinstance(held, Hold)
    assert (held.template, held.terms) == ("merge", COUNTED)
    own = Hold((reason("request.irreversible"),), "merge", ("ada",), 60)
    for answer in (DENY, own):
        assert _stricter(HOLD, answer) is answer
        assert _stricter(ALLOW, answer) is answer
    assert _stricter(ALLOW, ALLOW) is ALLOW

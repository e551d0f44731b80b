"""Two decisions are compared by what they come to, not by their words."""

from typing import Any

import pytest

from authoring.said import Said, difference, rules_between, said_by, said_in_log
from decision.model import Allow, Deny, Hold, IssueToken, RateLimit, Reason, Terms


def reason(rule: str, message: str = "No.") -> Reason:
    """A reason of that rule."""
    return Reason(code=rule, message=message, remedy="Leave it.", rule=rule)


def test_texts_and_the_order_of_reasons_make_no_difference() -> None:
    """A message that is worded better decides nothing."""
    one = said_by(Deny(reasons=(reason("a"), reason("b"))))
    other = said_by(Deny(reasons=(reason("b", "Not so."), reason("a"))))
    assert difference(one, other) is None


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (Said("hold", ("a",), ()), "decision"),
        (Said("deny", ("b",), ("x {}",)), "obligations"),
        (Said("deny", ("b",), ()), "reasons"),
        (Said("deny", ("a",), None), None),
    ],
)
def test_the_most_important_difference_is_named(changed: Said, what: str | None) -> None:
    """A decision before obligations, those before reasons; obligations that were not recorded are not compared."""
    assert difference(Said("deny", ("a",), ()), changed) == what


def test_what_the_log_holds_of_obligations_is_what_policy_said() -> None:
    """Every kind, with its properties in whatever order."""
    terms = Terms(
        credential="key",
        rate_limits=(RateLimit("role:a", 3, 60, 1),),
        max_body_bytes=9,
        timeout_ms=8,
        tokens=(IssueToken("svc", ("read",), 300),),
    )
    recorded: list[tuple[str, dict[str, Any]]] = [
        ("timeout_ms", {"limit": 8}),
        ("issue_token", {"ttl_s": 300, "audience": "svc", "scope": ["read"]}),
        ("max_body_bytes", {"limit": 9}),
        ("rate_limit", {"window_s": 60, "key": "role:a", "limit": 3, "cost": 1}),
        ("inject_credential", {"ref": "key"}),
    ]
    assert said_by(Allow(terms)) == said_in_log("allow", [], recorded)


def test_what_the_issuer_adds_to_a_hold_is_not_policys() -> None:
    """Nobody can approve a hold of tokens yet: the issuer says so in a reason of its own."""
    hold = Hold(reasons=(reason("token.rules.x"),), template="t", approvers=(), expires_in_s=1)
    assert said_by(hold) == said_in_log("hold", ["issuer.hold_no_approver", "token.rules.x"], [])


def test_rules_between_are_those_that_changed() -> None:
    """Where the same rules speak before and after, all of them are named."""
    assert rules_between(Said("deny", ("a", "b"), ()), Said("deny", ("b", "c"), ())) == ("a", "c")
    assert rules_between(Said("deny", ("a",), ()), Said("hold", ("a",), ())) == ("a",)

"""What the shipped policies decide, on the real OPA, for the shipped roles and services."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from decision.config import Configuration, load_policies
from decision.model import Allow, Decision, Deny, Hold, Source
from decision.question import RequestQuestion, TokenQuestion
from tests.policies.asking import POLICIES, Policy, every_call


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    return load_policies(POLICIES)


def _asking(role: str, *only: str, ttl_s: int = 600) -> TokenQuestion:
    return TokenQuestion(now=1, workflow="wf-1", role=role, only=only, ttl_s=ttl_s, renewal=False)


def _codes(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons}


def test_roles_may_exactly_what_they_say(opa: Path, shipped: Configuration) -> None:
    """Over every role and route: allowed are exactly the named services, actions and data, read from the YAML."""
    roles = yaml.safe_load((POLICIES / "roles.yaml").read_text())["roles"]
    questions = every_call(shipped)
    for question, decision in zip(questions, Policy(opa, shipped.compiled).calls(questions), strict=True):
        role = roles[question.role]
        expected = (
            question.service in role.get("services", [])
            and question.action in role["actions"]
            and (not question.data or question.data in role.get("data", []))
        )
        assert isinstance(decision, Allow) == expected, question
        if isinstance(decision, Deny):
            assert decision.source is Source.POLICY


def test_an_allowed_call_comes_with_its_terms(opa: Path, shipped: Configuration) -> None:
    """Credential, limit of body and time, and the rate of the role go with the allow."""
    question = next(
        one for one in every_call(shipped) if one.role == "crash-tracker" and one.route == "list-reports"
    )
    (decision,) = Policy(opa, shipped.compiled).calls([question])
    assert isinstance(decision, Allow)
    assert decision.terms.credential == "workflow-jwt"
    assert decision.terms.max_body_bytes == 1_048_576
    assert decision.terms.timeout_ms == 30_000
    (rate,) = decision.terms.rate_limits
    assert (rate.key, rate.limit, rate.window_s, rate.cost) == ("role:crash-tracker", 30, 60, 1)


def test_a_foreign_service_is_for_the_operator_only(opa: Path, shipped: Configuration) -> None:
    """A denial on another role's service says nothing to the agent, and the attempt counts."""
    questions = [
        one for one in every_call(shipped) if one.role == "crash-tracker" and one.service == "telemetry"
    ]
    for decision in Policy(opa, shipped.compiled).calls(questions):
        assert isinstance(decision, Deny)
        assert {reason.audience for reason in decision.reasons} == {"operator"}
        assert _codes(decision) == {"request.service_not_granted"}
        assert decision.terms.rate_limits
        assert decision.terms.credential is None


def test_no_role_grants_away_what_cannot_be_undone(opa: Path, tmp_path: Path) -> None:
    """A role that has the action of an irreversible route is held, never allowed."""
    roles = yaml.safe_load((POLICIES / "roles.yaml").read_text())
    roles["roles"]["telemetry-analyzer"]["actions"].append("delete")
    configuration = _load(tmp_path, roles)
    question = next(
        one for one in every_call(configuration) if one.role == "telemetry-analyzer" and one.route == "purge"
    )
    (decision,) = Policy(opa, configuration.compiled).calls([question])
    assert isinstance(decision, Hold)
    assert (decision.template, decision.approvers, decision.expires_in_s) == ("irreversible", (), 600)
    assert decision.terms.credential == "telemetry-key"


@pytest.mark.parametrize(
    ("role", "audience", "scope"),
    [
        ("crash-tracker", "crash-reporting", ("read:crash-reports", "read:stack-traces")),
        ("pr-creator", "code-repository", ("create-branch", "create-pr", "read")),
        ("telemetry-analyzer", "telemetry", ("read:telemetry",)),
    ],
)
def test_tokens_of_the_shipped_roles(
    opa: Path, shipped: Configuration, role: str, audience: str, scope: tuple[str, ...]
) -> None:
    """Each shipped role gets one token for its service, with its words, for five minutes at most."""
    decision = Policy(opa, shipped.compiled).token(_asking(role))
    assert isinstance(decision, Allow)
    (token,) = decision.terms.tokens
    assert (token.audience, token.scope, token.ttl_s) == (audience, scope, 300)


def test_a_workflow_may_be_given_less_never_more(opa: Path, shipped: Configuration) -> None:
    """A narrower workflow gets narrower tokens; a word beyond the role is refused by name."""
    policy = Policy(opa, shipped.compiled)
    less = policy.token(_asking("crash-tracker", "read:stack-traces", ttl_s=60))
    assert isinstance(less, Allow)
    assert [(token.scope, token.ttl_s) for token in less.terms.tokens] == [(("read:stack-traces",), 60)]
    more = policy.token(_asking("crash-tracker", "read:stack-traces", "write:crash-reports"))
    assert _codes(more) == {"token.scope_wider"}
    assert "write:crash-reports" in more.reasons[0].message
    assert not more.terms.tokens


def _load(folder: Path, roles: dict[str, Any]) -> Configuration:
    (folder / "roles.yaml").write_text(yaml.safe_dump(roles))
    (folder / "services.yaml").write_bytes((POLICIES / "services.yaml").read_bytes())
    return load_policies(folder)


def _add(roles: dict[str, Any], question: RequestQuestion, key: str, word: str) -> None:
    words = roles["roles"][question.role].setdefault(key, [])
    if word not in words:
        words.append(word)


_FOLLOW: dict[str, Callable[[dict[str, Any], RequestQuestion], None]] = {
    "request.service_not_granted": lambda roles, of: _add(roles, of, "services", of.service),
    "request.action_not_granted": lambda roles, of: _add(roles, of, "actions", of.action),
    "request.data_not_granted": lambda roles, of: _add(roles, of, "data", of.data),
    "request.role_unknown": lambda roles, of: roles["roles"].update(
        {of.role: {"services": [of.service], "actions": [of.action]}}
    ),
}


@pytest.mark.parametrize("role", ["crash-tracker", "newcomer"])
def test_every_remedy_leads_on(opa: Path, shipped: Configuration, tmp_path: Path, role: str) -> None:
    """Who follows the remedies of a denial one after another ends in an allow or a hold, whatever it asks."""
    calls = [one for one in every_call(shipped) if one.role == "crash-tracker"]
    of_word = {(one.service, one.action, one.data): one for one in calls}
    start = [msgspec.structs.replace(one, role=role) for one in of_word.values()]
    for question in start:
        roles = yaml.safe_load((POLICIES / "roles.yaml").read_text())
        seen: list[str] = []
        decision = _ask_again(opa, tmp_path, roles, question)
        while isinstance(decision, Deny):
            (reason,) = decision.reasons
            assert reason.code not in seen, question
            seen.append(reason.code)
            _FOLLOW[reason.code](roles, question)
            decision = _ask_again(opa, tmp_path, roles, question)
        assert isinstance(decision, Hold) == (question.route in {"purge", "merge-pr"})


def _ask_again(opa: Path, folder: Path, roles: dict[str, Any], question: RequestQuestion) -> Decision:
    configuration = _load(folder, roles)
    words = configuration.compiled["grants"].get(question.role, {}).get(question.service, ())
    (decision,) = Policy(opa, configuration.compiled).calls(
        [msgspec.structs.replace(question, scope=tuple(words))]
    )
    return decision


def test_remedies_of_the_call_itself_lead_on(opa: Path, shipped: Configuration) -> None:
    """A smaller body and a workflow with the missing word are allowed, as the remedies say."""
    good = next(
        one for one in every_call(shipped) if one.role == "crash-tracker" and one.route == "list-reports"
    )
    replace = msgspec.structs.replace
    questions = [replace(good, body_bytes=2_000_000), replace(good, scope=("read:stack-traces",)), good]
    large, narrow, right = Policy(opa, shipped.compiled).calls(
        [*questions[:2], replace(good, body_bytes=1_048_576)]
    )
    assert _codes(large) == {"request.body_too_large"}
    assert "at most 1048576 bytes" in large.reasons[0].remedy
    assert _codes(narrow) == {"request.scope_not_in_token"}
    assert "with read:crash-reports in --only" in narrow.reasons[0].remedy
    assert isinstance(right, Allow)

"""Which questions are known beforehand, and which answers to them are wrong."""

import shutil
from pathlib import Path

import pytest

from decision.canaries import Canary, canaries, judge
from decision.config import Configuration, load_policies
from decision.jury import JuryQuestion
from decision.model import Allow, Decision, Deny, Hold, Reason, Terms, gateway_denial
from decision.question import ChangeQuestion, RequestQuestion, TokenQuestion
from tests.decision.questions import request

NOW = 1763890000
SHIPPED = Path(__file__).parents[2] / "policies"


@pytest.fixture
def configuration(policies: Path) -> Configuration:
    """The tiny configuration with a role that can do nothing but what cannot be taken back, and one without grants."""
    services = policies / "services.yaml"
    route = (
        "      drop: {method: DELETE, path: '/notes/{id}', action: drop, data: notes, irreversible: true}\n"
    )
    services.write_text(services.read_text() + route)
    roles = policies / "roles.yaml"
    more = "    services: [notes]\n    actions: [drop]\n    data: [notes]\n"
    roles.write_text(roles.read_text() + "  dropper:\n" + more)
    return load_policies(policies)


def _denial(*codes: str) -> Deny:
    return Deny(tuple(Reason(code=code, message="m", remedy="r", rule="x") for code in codes))


ALLOW = Allow(Terms())
HOLD = Hold((), "t", (), 60)
UNDEFINED = gateway_denial("pdp_undefined", "m", "r")


def test_strangers_are_asked_about(configuration: Configuration) -> None:
    """Requests and tokens of an unknown role, and known grants without role or scope, must be denied."""
    denied = [canary for canary in canaries(configuration, NOW) if canary.expected == "denied"]
    questions = [canary.question for canary in denied]
    roles = {question.role for question in questions if not isinstance(question, JuryQuestion)}
    assert roles == {"doorless-canary", "reader", "dropper"}
    assert any(isinstance(question, TokenQuestion) for question in questions)
    unscoped = [one for one in questions if isinstance(one, RequestQuestion) and not one.scope]
    assert {question.role for question in unscoped} == {"reader", "dropper"}


def test_every_role_has_a_grant_asked_for(configuration: Configuration) -> None:
    """For each role one grant and one token are asked for, exactly as the catalogue describes the route."""
    granted = [canary.question for canary in canaries(configuration, NOW) if canary.expected == "granted"]
    requests = {one.role: one for one in granted if isinstance(one, RequestQuestion)}
    tokens = {one.role for one in granted if isinstance(one, TokenQuestion)}
    assert tokens == set(requests) == {"reader", "dropper"}
    assert (requests["reader"].route, requests["reader"].scope) == ("list-notes", ("read:notes",))
    dropper = requests["dropper"]
    assert (dropper.path, dropper.params) == ("/notes/canary", {"id": "canary"})
    assert {question.now for question in granted} == {NOW}


@pytest.mark.parametrize(
    ("decision", "right"),
    [(_denial("request.role_unknown"), True), (ALLOW, False), (HOLD, False), (UNDEFINED, False)],
)
def test_what_must_be_denied(decision: Decision, right: bool) -> None:
    """Only a denial by policy itself is right: an undefined answer denies too, but shows that policy is gone."""
    verdict = judge(Canary("c", request(), "denied"), decision)
    assert (verdict is None) is right


@pytest.mark.parametrize(
    ("decision", "right"),
    [
        (ALLOW, True),
        (HOLD, True),
        (_denial("request.outside_office_hours"), True),
        (UNDEFINED, False),
        (_denial("request.action_not_granted"), False),
        (_denial("verdict.not_granted"), False),
        (_denial("request.role_unknown"), False),
        (_denial("request.scope_not_in_token"), False),
        (_denial("request.route_mismatch"), False),
        (_denial("request.input_incomplete"), False),
        (_denial("request.outside_office_hours", "request.data_not_granted"), False),
    ],
)
def test_what_must_be_known(decision: Decision, right: bool) -> None:
    """A grant may be allowed, held, or vetoed by a rule with its own reason; it must not be unknown."""
    verdict = judge(Canary("c", request(), "granted"), decision)
    assert (verdict is None) is right
    if verdict is not None:
        assert "canary 'c'" in verdict


def test_changes_are_asked_about_where_something_can_be_pushed(configuration: Configuration) -> None:
    """Without a push route no change is asked about; with one, a stranger's and one of each role that may push."""
    assert not any(isinstance(one.question, ChangeQuestion) for one in canaries(configuration, NOW))
    found = {
        (one.question.role, one.expected)
        for one in canaries(load_policies(SHIPPED), NOW)
        if isinstance(one.question, ChangeQuestion)
    }
    agents = {
        (role, expected) for role in ("pr-creator", "meta-workflow") for expected in ("granted", "denied")
    }
    assert found == agents | {("doorless-canary", "denied")}


def test_what_takes_effect_is_asked_about_without_its_validation() -> None:
    """Each shipped route that names an output, and the jury's votes: a policy that lets one through never serves."""
    shipped = load_policies(Path(__file__).parents[2] / "policies")
    names = {canary.name for canary in canaries(shipped, NOW) if canary.expected == "denied"}
    assert {"a jury without votes", "a jury with a veto", "unvalidated create-pr of code-repository"} <= names


def test_what_cannot_be_undone_is_asked_about_without_a_person(policies: Path) -> None:
    """Each such call that a role is granted, and each merge as a change, founded as well as can be: never an allow.

    A grant that everybody gave beforehand stands in the question. Held or denied is right; so a policy whose rule on
    merges is gone never serves, whatever else grants it.
    """
    roles = SHIPPED / "roles.yaml"
    assert not [one for one in canaries(load_policies(SHIPPED), NOW) if one.expected == "not_allowed"]
    for file in SHIPPED.glob("*.yaml"):
        shutil.copy(file, policies)
    more = "  merger: {services: [code-repository, telemetry], actions: [merge, delete], data: [telemetry]}\n"
    (policies / "roles.yaml").write_text(roles.read_text() + more)
    asked = [one for one in canaries(load_policies(policies), NOW) if one.expected == "not_allowed"]
    assert {one.name for one in asked} == {
        "purge of telemetry without a person",
        "merge-pr of code-repository without a person",
        "merge of code-repository without a person",
    }
    for one in asked:
        assert not isinstance(one.question, TokenQuestion | JuryQuestion)
        assert one.question.approval is not None
        assert one.question.approval.standing
        assert judge(one, HOLD) is None
        assert judge(one, _denial("change.finding")) is None
        assert "without a person" in (judge(one, ALLOW) or "")
        assert "did not answer" in (judge(one, UNDEFINED) or "")

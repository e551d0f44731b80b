"""Explaining: which rules of the revision that decided spoke, which did not and why, and what they saw."""

from pathlib import Path

import msgspec
import pytest

from audit.entry import DecisionEntry, Document, Reason
from authoring.explain import evaluation
from authoring.explain.explain import explain
from authoring.explain.explanation import Explanation, RuleSeen
from authoring.explain.page import page
from authoring.explain.text import lines
from tests.audit.samples import refusal
from tests.authoring.histories import Past, request, token
from tests.authoring.test_replay import edit
from tests.checks.policy_changes import VETO, write
from tests.decision.questions import change

pytestmark = pytest.mark.anyio

WRITE = request(route="set-status", action="write", method="POST", path="/reports/1/status")


def told(past: Past, place: int = 0, document: Document | str = "", **changes: object) -> Explanation:
    """The explanation of one recorded decision, with its entry changed."""
    entry = past.entries[place]
    assert isinstance(entry, DecisionEntry)
    entry = msgspec.structs.replace(entry, **changes)
    return explain(past.source, 7, entry, document or entry.input or "no input")


def rule(explanation: Explanation, name: str) -> RuleSeen:
    """The rule in that folder."""
    (found,) = [each for each in explanation.rules if each.rule.rpartition(".")[2] == name]
    return found


async def test_an_allowed_call_names_what_granted_it_and_the_values(past: Past, policies: Path) -> None:
    """The grant spoke, a denial did not, and each shows the facts and the tables that it looked at."""
    await past.decide(policies, [request()])
    found = told(past)
    assert (found.decision, found.by, found.asked) == ("allow", "policy", "GET crash-reporting/reports/1")
    granted = rule(found, "role_grant")
    assert (granted.part, granted.spoke, granted.heard) == ("grant", True, True)
    assert granted.file == "request/rules/role_grant/role_grant.rego"
    assert {(fact.name, fact.value) for fact in granted.facts} >= {("input.role", '"crash-tracker"')}
    limited = rule(found, "body_too_large")
    assert not limited.spoke
    saw = {fact.name: fact.value for fact in limited.facts}
    assert saw["input.body_bytes"] == "0"
    assert saw['data.compiled.body_limits["crash-tracker"]["crash-reporting"]["read-report"]'] == "1048576"
    assert found.notes == ()


async def test_a_denial_has_its_remedy_and_the_condition_that_failed(past: Past, policies: Path) -> None:
    """The recorded reason with file, line and remedy; and why the grant kept silent, down to the helper's line."""
    await past.decide(policies, [WRITE])
    found = told(past)
    reason = next(each for each in found.reasons if each.code == "request.action_not_granted")
    assert "action write to the role" in reason.remedy
    place = policies / reason.file
    assert place.read_text().splitlines()[reason.line - 1].startswith("lacks contains")
    stops = rule(found, "role_grant").stops
    assert stops[0].text == "call.covered"
    assert any(stop.file == "lib/call/call.rego" for stop in stops)
    assert not rule(found, "inject_credential").heard


async def test_the_revision_that_decided_explains(past: Past, policies: Path) -> None:
    """The policies have changed since: what allowed the call then is what is shown, not what would happen now."""
    await past.decide(policies, [request()])
    edit(policies / "roles.yaml", "data: [crash-reports, stack-traces]", "data: [stack-traces]")
    await past.decide(policies, [request()])
    first, second = told(past, 0), told(past, 1)
    assert first.revision != second.revision
    assert rule(first, "role_grant").spoke
    assert not rule(second, "role_grant").spoke


async def test_a_decision_of_the_gateways_says_what_policy_said_itself(past: Past, policies: Path) -> None:
    """A rate limit denied what policy allows; the explanation keeps the two apart."""
    await past.decide(policies, [request()])
    reason = Reason(code="rate_limited", rule="gateway.rate_limited", message="Too many.", audience="agent")
    found = told(past, decision="deny", source="gateway", reasons=[reason])
    assert found.by.startswith("gateway.rate_limited")
    assert found.notes == ("Policy itself said allow; the decision is the gateway's.",)
    assert rule(found, "role_grant").spoke


def test_a_refusal_shows_what_was_refused_and_asks_no_policy(past: Past) -> None:
    """Nothing was described, so there is nothing that a rule could have seen."""
    entry = refusal()
    found = explain(past.source, 3, entry, "Not described.")
    assert (found.asked, found.rules, found.notes) == ("GET /\\x00", (), ("Not described.",))
    assert "refused before policy was asked" in found.by


async def test_a_revision_that_is_not_kept_is_said(past: Past, policies: Path) -> None:
    """The entry is explained as far as it goes."""
    await past.decide(policies, [WRITE])
    found = told(past, revision="ab" * 32)
    assert "is not kept" in found.notes[0]
    assert found.reasons
    assert not found.rules


async def test_an_answer_that_does_not_come_again_is_said_loudly(past: Past, policies: Path) -> None:
    """The entry claims another decision than its own revision makes."""
    await past.decide(policies, [request()])
    assert "NOT REPRODUCED" in told(past, decision="deny").notes[0]


async def test_tokens_and_changes_are_explained_too(past: Past, policies: Path) -> None:
    """Each by the rules of its own area."""
    await past.decide(policies, [token("nobody"), change(service="code-repository", role="pr-creator")])
    nobody = told(past, 0)
    assert rule(nobody, "role_unknown").rule == "token.rules.role_unknown"
    assert rule(nobody, "role_unknown").spoke
    pushed = told(past, 1)
    assert pushed.asked == "create-branch in acme/shop"
    assert {each.rule.split(".")[0] for each in pushed.rules} == {"change"}


async def test_a_veto_is_a_rule_like_any_other(past: Past, policies: Path) -> None:
    """It is shown with its place and what it saw, where it spoke and where it kept silent."""
    write(policies.parent, VETO)
    await past.decide(policies, [request(), request(now=4)])
    spoke, silent = rule(told(past, 0), "late"), rule(told(past, 1), "late")
    assert (spoke.rule, spoke.part, spoke.spoke, spoke.heard) == ("request.vetoes.late", "deny", True, True)
    assert (spoke.code, spoke.title) == ("request.late", "It is late")
    assert spoke.file == "request/vetoes/late/late.rego"
    assert (policies / spoke.file).read_text().splitlines()[spoke.line - 1].startswith("deny contains")
    assert [fact.name for fact in silent.facts] == ["input.now"]
    assert not silent.spoke
    (reason,) = told(past, 0).reasons
    assert (reason.rule, reason.remedy) == ("request.vetoes.late", "Come again tomorrow.")


@pytest.mark.parametrize(("bound", "most"), [("MOST_BYTES", 100_000), ("MOST_TRACED", 100)])
async def test_what_opa_tells_at_too_great_length_is_left_out(
    past: Past, policies: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    """The conditions are missing, the rules and values are not; without the bounds memory would grow with the input."""
    await past.decide(policies, [request()])
    monkeypatch.setattr(evaluation, bound, most)
    found = told(past)
    assert "which conditions did not hold is not shown" in found.notes[0]
    assert rule(found, "role_grant").spoke
    assert all(not each.stops for each in found.rules)


async def test_the_page_escapes_whatever_an_agent_chose(past: Past, policies: Path) -> None:
    """A path with markup and control characters is text in the page, and nothing is loaded from anywhere."""
    await past.decide(
        policies, [request(path="/reports/<script>alert(1)</script>\u202e", query="<img src=x>")]
    )
    html = page(told(past))
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "http" not in html


async def test_the_text_names_rules_conditions_and_values(past: Past, policies: Path) -> None:
    """What a person reads in a terminal holds all three."""
    await past.decide(policies, [WRITE])
    text = "\n".join(lines(told(past)))
    assert text.startswith("DENY POST crash-reporting/reports/1/status")
    assert "did not hold: call.covered  (request/rules/role_grant/role_grant.rego:8)" in text
    assert "without effect here" in text

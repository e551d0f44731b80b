"""Trying a call: what the gateway would find out, what policy would say, and that nothing comes of it."""

import json
from pathlib import Path

import pytest

from decision.model import Allow, Deny, Hold, Source
from doorless.policy.try_call import Outcome, Tried, try_call
from doorless.policy.try_report import show
from doorless.problem import Problem
from tests.authoring.test_replay import edit


def tried(policies: Path, path: str, **changes: object) -> Outcome:
    """What comes of a call by the shipped crash-tracker, changed as told."""
    fields = {
        "role": "crash-tracker",
        "service": "crash-reporting",
        "method": "GET",
        "body": b"",
        "content_type": "",
    }
    return try_call(policies, Tried(path=path, **fields | changes))  # type: ignore[arg-type]


def codes(outcome: Outcome) -> list[str]:
    """Of its reasons."""
    return [reason.code for reason in outcome.decision.reasons]


def test_an_allowed_call_is_described_as_the_gateway_describes_it(policies: Path) -> None:
    """Route, parameters, query and scope are found, not asked for."""
    outcome = tried(policies, "/reports/a%20b?full=1")
    assert isinstance(outcome.decision, Allow)
    assert outcome.decision.terms.credential == "workflow-jwt"
    question = outcome.question
    assert question is not None
    assert (question.route, question.params, question.query) == ("read-report", {"id": "a b"}, "full=1")
    assert question.scope == ("read:crash-reports", "read:stack-traces")


def test_what_the_gateway_refuses_is_asked_of_nobody(policies: Path) -> None:
    """An unknown route and an ambiguous target have no question; the reasons are the gateway's own."""
    for path, code in (("/nowhere/else", "request.route_unknown"), ("/reports/../x", "request.path_dots")):
        outcome = tried(policies, path)
        assert outcome.question is None
        assert isinstance(outcome.decision, Deny)
        assert outcome.decision.source is Source.GATEWAY
        assert codes(outcome) == [code]


def test_what_cannot_be_undone_waits_and_says_for_whom(
    policies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hold with its terms; as a program reads it, and as a person does."""
    edit(
        policies / "roles.yaml",
        "services: [telemetry]\n    actions: [read]",
        "services: [telemetry]\n    actions: [read, delete]",
    )
    call = Tried("telemetry-analyzer", "telemetry", "DELETE", "/series/cpu", b"", "")
    outcome = try_call(policies, call)
    assert isinstance(outcome.decision, Hold)
    show(outcome, call, "json")
    document = json.loads(capsys.readouterr().out)
    assert (document["decision"], document["hold"]["template"]) == ("hold", "irreversible")
    show(outcome, call, "text")
    text = capsys.readouterr().out
    assert text.startswith("HOLD DELETE telemetry/series/cpu as telemetry-analyzer\n")
    assert "waits" in text


def test_a_body_is_validated_by_its_schema_and_the_jury_is_named(policies: Path) -> None:
    """A document that is none is denied; one that is waits for a jury, which is taken to pass it, and that is said."""
    pull = {"base": "main", "head": "agent/wf-a/fix", "title": "Fix", "body": "It crashed."}
    call = {
        "role": "pr-creator",
        "service": "code-repository",
        "method": "POST",
        "content_type": "application/json",
    }
    wrong = tried(policies, "/repos/acme/shop/pulls", body=b"[]", **call)
    assert codes(wrong) == ["request.output_invalid"]
    right = tried(policies, "/repos/acme/shop/pulls", body=json.dumps(pull).encode(), **call)
    assert isinstance(right.decision, Allow)
    assert right.question is not None
    validation = right.question.validation
    assert (validation.type, validation.schema, validation.jury) == ("create-pr", "passed", "passed")
    assert "The jury would be asked" in right.notes[0]
    assert "change" in right.notes[1]


def test_what_looks_like_a_secret_is_found(policies: Path) -> None:
    """As on the way out of a sandbox, in the target too."""
    outcome = tried(policies, "/reports/ghp_" + "a1B2" * 9)
    assert codes(outcome) == ["request.secret_outbound"]


def test_a_role_that_no_workflow_can_have_never_calls(policies: Path) -> None:
    """What is denied is the workflow, and that is said instead of an answer to a call that nobody could make."""
    outcome = tried(policies, "/reports/1", role="maintainer")
    assert codes(outcome) == ["token.not_an_agent", "token.nothing_granted"]
    assert "No workflow of this role" in outcome.notes[0]


def test_policies_that_do_not_load_are_a_problem_with_a_place(policies: Path) -> None:
    """And so is a role that does not exist, with the one that was meant."""
    with pytest.raises(Problem, match=r"no role crash-tracke\."):
        tried(policies, "/reports/1", role="crash-tracke")
    edit(policies / "roles.yaml", "services: [telemetry]", "services: [telemetri]")
    with pytest.raises(Problem) as caught:
        tried(policies, "/reports/1")
    assert "roles.yaml:" in caught.value.why

"""The smallest grant that would have allowed a refused call: drafted from the log, proven by the real OPA."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from authoring.candidate import candidate
from authoring.draft.draft import CannotDraft, Draft, draft
from authoring.draft.proof import NotRun, Proof, policy_test_of, prove, run_test
from authoring.draft.report import PolicyTest, Whole, document, text
from authoring.recorded import Recorded, recorded_decisions
from decision.config import load_policies
from decision.question import Question
from tests.authoring.histories import Past, request, token
from tests.decision.questions import change

OWN = """roles:
  crash-tracker:
    services: [crash-reporting]
    actions: [read]   # and nothing else
    data: [crash-reports]
    limits: { max_requests_per_min: 30, max_body_bytes: 100 }
  people: { agent: false }
"""


@pytest.fixture
def own(policies: Path) -> Path:
    """The shipped policies with roles of this test."""
    (policies / "roles.yaml").write_text(OWN)
    return policies


def refused(past: Past, policies: Path, question: Question) -> Recorded:
    """The question, decided, recorded and read from the log again."""
    asyncio.run(past.decide(policies, [question]))
    [found] = recorded_decisions(past.close().log)
    assert isinstance(found, Recorded)
    return found


def proven(past: Past, policies: Path, found: Recorded) -> tuple[Draft, Proof]:
    """The draft, and what OPA says of it."""
    made = draft(load_policies(policies), found)
    with candidate(policies, made.new_text, None) as folder:
        return made, asyncio.run(prove(past.source.opa, policies, folder, found, made))


WRITING: dict[str, Any] = {
    "route": "set-status",
    "action": "write",
    "method": "POST",
    "path": "/reports/1/status",
    "params": {"id": "1"},
}


def test_a_missing_data_class_is_drafted_and_allowed_then(past: Past, own: Path) -> None:
    """One word in one line; the recorded call is allowed to a workflow that starts with it, and the test says so."""
    call = request(route="read-stack-trace", path="/stack-traces/1", data="stack-traces")
    found = refused(past, own, call)
    made, proof = proven(past, own, found)
    assert made.added == ("data: stack-traces",)
    assert "+    data: [crash-reports, stack-traces]" in made.diff
    assert (made.also, made.cannot) == ((), ())
    assert (proof.today.decision, proof.allowed) == ("deny", True)
    place, written = policy_test_of(found, made)
    assert (
        place == "request/grants/crash_tracker_read_stack_traces_crash_reporting/" + place.rpartition("/")[2]
    )
    with candidate(own, made.new_text, None) as folder:
        passed = run_test(past.source.opa, folder, place, written)
        spoiled = written.replace("decision.allow == false", "decision.allow == true")
        with pytest.raises(NotRun, match="FAIL"):
            run_test(past.source.opa, folder, place, spoiled)
    shown = text(Whole(found.id, made, proof, PolicyTest(place, passed)))
    assert "Allowed then." in shown
    assert "test_refused_without_it" in shown
    assert json.loads(json.dumps(document(Whole(found.id, made, proof))))["allowed"] is True


def test_a_token_of_before_does_not_have_the_word(past: Past, own: Path) -> None:
    """The call as recorded is still refused, by its scope: only a workflow that starts then has the grant."""
    call = request(
        route="read-stack-trace", path="/stack-traces/1", data="stack-traces", scope=("read:crash-reports",)
    )
    _, proof = proven(past, own, refused(past, own, call))
    assert proof.then.rules == ("request.rules.scope_not_in_token",)
    assert proof.allowed


def test_a_service_brings_all_that_the_product_holds(past: Past, own: Path) -> None:
    """Service and data are added, and what that grants besides is named."""
    query = {"service": "telemetry", "route": "query", "data": "telemetry", "path": "/query", "params": {}}
    made = draft(load_policies(own), refused(past, own, request(**query)))
    assert made.added == ("services: telemetry", "data: telemetry")
    writing = {**query, "route": "annotate", "action": "write", "method": "POST", "path": "/annotations"}
    again = Past(past.source.log.parent / "again", past.source.opa)
    made = draft(load_policies(own), refused(again, own, request(**writing)))
    assert made.also == ("read:telemetry on telemetry", "write:crash-reports on crash-reporting")


def test_a_limit_is_raised_to_just_what_was_asked(past: Past, own: Path) -> None:
    """A body over the role's own limit, not over the service's."""
    made, proof = proven(past, own, refused(past, own, request(body_bytes=150)))
    assert made.added == ("max_body_bytes: 150",)
    assert proof.allowed


def test_what_is_vetoed_stays_vetoed(past: Past, own: Path) -> None:
    """A secret in the call beside a missing grant: the grant is drafted, and what refuses still is named by OPA."""
    call = request(**{**WRITING, "scan": ("secret-1",)})
    made, proof = proven(past, own, refused(past, own, call))
    assert made.added == ("actions: write",)
    assert any(each.startswith("request.rules.secret_outbound: it is a veto") for each in made.cannot)
    assert not proof.allowed
    assert "request.rules.secret_outbound" in proof.with_token.rules
    assert "Refused still" in text(Whole("d-x", made, proof))


def test_what_cannot_be_undone_waits_for_a_person_with_every_grant(past: Past, own: Path) -> None:
    """The draft makes a hold of the denial, and says so."""
    purge = {
        "service": "telemetry",
        "route": "purge",
        "action": "delete",
        "data": "telemetry",
        "method": "DELETE",
        "path": "/series/x",
        "params": {"name": "x"},
    }
    made, proof = proven(past, own, refused(past, own, request(**purge)))
    assert made.cannot == ("it cannot be undone: with the grant a person must still approve each call",)
    assert proof.with_token.decision == "hold"


def test_no_grant_opens_a_protected_path(past: Past, policies: Path) -> None:
    """A check of a change to the tests: nothing to draft, and the rule is named."""
    facts = change().facts
    file = type(facts.files[0])(
        path="tests/x",
        folded="tests/x",
        change="add",
        old_mode="",
        new_mode="100644",
        lines=1,
        bytes=1,
        binary=False,
    )
    question = change(
        role="pr-creator",
        action="check",
        via="check",
        service="",
        repository="",
        scope=(),
        facts=type(facts)(
            **{**{name: getattr(facts, name) for name in facts.__struct_fields__}, "files": (file,)}
        ),
    )
    made = draft(load_policies(policies), refused(past, policies, question))
    assert made.diff == ""
    assert any("protected from every agent" in each for each in made.cannot)
    assert "There is no grant to draft." in text(Whole("d-x", made))


def test_of_what_nothing_is_drafted(past: Past, own: Path) -> None:
    """What was allowed, a token, a role that is gone, or is no agent's."""
    asyncio.run(past.decide(own, [request(), token(), request(role="gone"), request(role="people")]))
    found = [each for each in recorded_decisions(past.close().log) if isinstance(each, Recorded)]
    for each, said in zip(
        found, ("allowed", "on a token", "unknown role|no role|gone", "no agent"), strict=True
    ):
        with pytest.raises(CannotDraft, match=said):
            draft(load_policies(own), each)


def test_what_is_declared_no_more_is_not_drafted(past: Past, own: Path) -> None:
    """The catalogue changed since: there is no route that a grant could be for."""
    found = refused(past, own, request(**{**WRITING, "action": "write"}))
    services = (own / "services.yaml").read_text()
    line = next(line for line in services.splitlines() if "set-status:" in line)
    (own / "services.yaml").write_text(services.replace(f"{line}\n", ""))
    made = draft(load_policies(own), found)
    assert made.diff == ""
    assert made.cannot[-1] == "crash-reporting has no route for write on crash-reports"

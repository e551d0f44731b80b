"""A pull request is a change: judged with facts and evidence of exactly its commits before the forge hears of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.git.proposing import (
    API,
    GOOD,
    PASSED,
    ProposalRig,
    answered,
    call,
    codes,
    held,
    propose,
    push_more,
    pushed,
)
from tests.gateway.git.rig import git
from tests.gateway.peers import Received


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProposalRig]:
    """One rig for all."""
    made = ProposalRig(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture
def rig(shared: ProposalRig) -> ProposalRig:
    """The rig, well-behaved."""
    shared.reset()
    return shared


def test_a_pull_request_is_judged_as_the_change_that_it_is(rig: ProposalRig) -> None:
    """Facts and evidence of base and head as the forge has them, then the jury; the change is decided before the call.

    What reaches the forge is the validated document and the receipt of the decision that let it through.
    """
    agent = rig.git_agent("proposer")
    branch, head = pushed(agent)
    rig.asked.clear()
    answer = propose(agent, branch)
    assert answer.status == 201, answer.body
    assert rig.paths() == ["/validate", "/describe", "/evidence", "/validate"]
    main = rig.refs()["refs/heads/main"]
    (deliberation,) = rig.shown_to_jury()
    assert (deliberation["change"]["base"], deliberation["change"]["head"]) == (main, head)
    _, change, request = rig.decisions(agent.workflow)[-3:]
    assert [(entry.kind, entry.decision) for entry in (change, request)] == [
        ("change", "allow"),
        ("request", "allow"),
    ]
    asked: dict[str, Any] = change.input or {}
    assert (asked["action"], asked["via"], asked["repository"]) == ("create-pr", "api", "acme/shop")
    assert (asked["facts"]["base"], asked["facts"]["head"]) == ({"ref": "main", "commit": main}, head)
    assert asked["facts"]["refs"][0]["name"] == f"refs/heads/{branch}"
    assert asked["evidence"] == dict.fromkeys(("semgrep", "tests", "schema", "jury"), "passed")
    assert rig.outcome(change.id).forwarded is False
    assert rig.outcome(request.id).forwarded is True
    (sent,) = rig.sent()
    place = rig.entries().index(request)
    assert json.loads(sent.body) == {
        "title": "Start at 0",
        "body": f"It crashed.\n\nDoorless-Receipt: {request.id} #{place}\n",
        "base": "main",
        "head": branch,
    }


REFUSED: dict[str, tuple[dict[str, str], list[dict[str, Any]], list[str]]] = {
    "tests failed": ({"tests": "failed"}, [], ["change.evidence_failed"]),
    "no tests": ({"tests": "not_configured"}, [], ["change.evidence_missing"]),
    "no semgrep": ({"semgrep": "could_not_run"}, [], ["change.evidence_could_not_run"]),
    "a finding": (
        {},
        [{"rule": "r", "path": "shop/cart.py", "line": 1, "severity": "ERROR", "message": "m"}],
        ["change.finding"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_that_is_refused_is_not_proposed(rig: ProposalRig, name: str) -> None:
    """Each reason reaches the agent in its client's shape, the forge hears nothing, and no jury was paid for."""
    states, findings, expected = REFUSED[name]
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    rig.evidence = [{"evidence": {**PASSED["evidence"], **states}, "findings": findings}]
    answer = propose(agent, branch)
    assert (answer.status, codes(answer)) == (403, expected)
    assert (rig.sent(), rig.shown_to_jury()) == ([], [])
    change, request = rig.decisions(agent.workflow)[-2:]
    assert [change.kind, request.kind] == ["change", "request"]
    assert [entry.decision for entry in (change, request)] == ["deny", "deny"]
    assert [reason.code for reason in request.reasons] == expected
    assert (change.source, request.source) == ("policy", "gateway")


def test_only_what_the_catalogue_knows_is_aimed_at(rig: ProposalRig) -> None:
    """The base of a pull request is the branch that changes are measured against, or a staging one; no foreign branch."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    other, _ = pushed(rig.git_agent("proposer"))
    git(rig.shop, "branch", "staging", "main")
    git(rig.shop, "branch", "release", "main")
    assert codes(propose(agent, branch, base=other)) == ["change.base_unknown"]
    assert codes(propose(agent, branch, base="release")) == ["change.base_unknown"]
    assert propose(agent, branch, base="staging").status == 201


def test_only_what_is_the_workflows_own_is_proposed(rig: ProposalRig) -> None:
    """Another workflow's branch, people's branches, and commits of people's in its own: all refused as pushes are."""
    agent = rig.git_agent("proposer")
    other, _ = pushed(rig.git_agent("proposer"))
    assert "change.ref_outside_namespace" in codes(propose(agent, other))
    git(rig.shop, "branch", "feature", "main")
    rig.move("feature")
    assert set(codes(propose(agent, "feature"))) == {
        "change.ref_outside_namespace",
        "change.foreign_identity",
    }
    branch, _ = pushed(agent)
    rig.move(branch)
    assert set(codes(propose(agent, branch))) == {"change.foreign_identity"}
    assert rig.sent() == []


def test_a_head_is_the_name_of_a_branch_and_nothing_else(rig: ProposalRig) -> None:
    """A commit, a full ref, an owner, a fork: a forge might find something there that nobody described."""
    agent = rig.git_agent("proposer")
    branch, head = pushed(agent)
    tried = {
        head: "proposal.branch_missing",
        f"refs/heads/{branch}": "proposal.branch_missing",
        f"heads/{branch}": "proposal.branch_missing",
        f"agent/{agent.workflow}/none": "proposal.branch_missing",
        f"acme:{branch}": "request.output_invalid",
        f"mallory:{branch}": "request.output_invalid",
        f"{branch}~1": "request.output_invalid",
        "": "request.output_invalid",
    }
    for named, code in tried.items():
        assert codes(propose(agent, named)) == [code], named
    assert codes(propose(agent, branch, head_repo="mallory/shop")) == ["request.output_invalid"]
    assert codes(propose(agent, branch, commit="1" * 40)) == ["proposal.head_moved"]
    assert rig.sent() == []
    assert propose(agent, branch, commit=head).status == 201


@pytest.mark.parametrize(
    "text",
    [
        "Doorless-Receipt: d-aaaaaaaaaaaaaaaaaaaaaaaaaa #1",
        "> **doorless-receipt** : d-1",
        "Doorless\u200b-\u2011Receipt: d-1",
        "\uff24oorless-Receipt: d-1",
        "DOORLESS RECEIPT d-1",
        "Doorless-Approved-By: ada",
    ],
)
def test_a_receipt_is_the_gateways_to_write(rig: ProposalRig, text: str) -> None:
    """In the text or the title of a pull request, whatever it is dressed up as."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    assert codes(propose(agent, branch, body=f"Fine.\n\n{text}\n")) == ["proposal.receipt_forged"]
    assert codes(propose(agent, branch, title=text)) == ["proposal.receipt_forged"]
    assert rig.sent() == []


@pytest.mark.parametrize("members", [{"title": "a\x1b[2J"}, {"title": "a\nb"}, {"body": "a\x00b"}])
def test_what_steers_a_terminal_is_no_text(rig: ProposalRig, members: dict[str, str]) -> None:
    """Control characters are refused by the schema."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    assert codes(propose(agent, branch, **members)) == ["request.output_invalid"]
    assert rig.sent() == []


def test_a_text_beyond_ascii_is_sent_as_it_was_written(rig: ProposalRig) -> None:
    """Emoji stay what they were; half a surrogate pair is no text, and refused."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    body = b'{"title":"\\ud83d\\ude80","body":"caf\xc3\xa9%s","base":"main","head":"%s"}'
    half, whole = body % (b"\\ud800", branch.encode()), body % (b"", branch.encode())
    assert codes(agent.agent.request("POST", f"{API}/pulls", half)) == ["proposal.body_invalid"]
    assert agent.agent.request("POST", f"{API}/pulls", whole).status == 201
    (sent,) = rig.sent()
    assert json.loads(sent.body)["title"] == "\U0001f680"
    assert json.loads(sent.body)["body"].startswith("caf\u00e9\n\nDoorless-Receipt: ")


def test_what_the_forge_reads_is_what_was_validated(rig: ProposalRig) -> None:
    """No query beside the body, and JSON is called JSON: a forge that reads forms would have found another head in it."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    body = json.dumps({"title": "t", "body": "b", "base": "main", "head": branch}).encode()
    asked = agent.agent.request("POST", f"{API}/pulls?head_repo=mallory/shop", body)
    assert codes(asked) == ["proposal.query"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert agent.agent.request("POST", f"{API}/pulls", body, form).status == 201
    (sent,) = rig.sent()
    assert sent.headers[b"content-type"] == b"application/json"


def test_a_veto_of_the_jury_is_a_denial(rig: ProposalRig) -> None:
    """Of the change and of the call."""
    rig.jury = "veto"
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    assert codes(propose(agent, branch)) == ["change.evidence_failed"]
    assert rig.sent() == []


@pytest.mark.parametrize("jury", ["no_verdict", "not_configured"])
def test_without_a_verdict_a_person_decides_on_that_very_change(rig: ProposalRig, jury: str) -> None:
    """The hold names the change's decision; a push after the approval voids it: the call waits again.

    Without the change in the digest of the call the new head was proposed under the old approval.
    """
    rig.jury = jury
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    hold = held(propose(agent, branch))
    change = rig.judged(agent.workflow)
    assert (rig.opened(hold).detail["change"], change.decision) == (change.id, "allow")
    assert (change.input or {})["evidence"]["jury"] == jury
    assert rig.opened(hold).detail["template"] == "output"
    assert rig.say(hold)[0] == 200
    push_more(agent, branch, GOOD + "\n# more\n")
    again = held(propose(agent, branch))
    assert (again != hold, rig.sent()) == (True, [])
    assert rig.say(again)[0] == 200
    assert propose(agent, branch).status == 201
    assert len(rig.sent()) == 1


def test_a_branch_that_moves_while_it_is_judged_is_not_proposed(rig: ProposalRig) -> None:
    """Between the facts and the call: the branch is read once more right before the forge hears of it.

    Without that look the forge opened a pull request with a commit that nobody had judged.
    """
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    rig.meanwhile = lambda: _ignore(rig.move(branch))
    answer = propose(agent, branch)
    assert "[proposal.head_moved]" in answer.json["message"]
    assert rig.sent() == []
    request = rig.decisions(agent.workflow)[-1]
    outcome = rig.outcome(request.id)
    assert (request.decision, outcome.forwarded, outcome.result) == ("allow", False, "upstream_error")


def test_a_branch_that_moves_in_that_very_moment_is_told(rig: ProposalRig) -> None:
    """A forge takes a branch by its name: what it is right afterwards is compared, and another one is an event."""
    agent = rig.git_agent("proposer")
    branch, head = pushed(agent)
    moved: list[str] = []

    def at_forge(received: Received) -> bytes | None:
        if received.line.startswith(b"POST"):
            moved.append(rig.move(branch))
        return None

    rig.at_forge = at_forge
    answer = propose(agent, branch)
    assert answer.status == 201
    event = rig.event("pull.moved", agent.workflow)
    assert event.detail == {"decision": answer.decision, "judged": head, "found": moved[0]}


def test_what_the_forge_says_reaches_the_agent(rig: ProposalRig) -> None:
    """A second pull request for the same branches, and a forge that fails: its own words and status."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    assert propose(agent, branch).status == 201
    again = propose(agent, branch)
    assert (again.status, "open already" in again.json["message"]) == (422, True)
    rig.at_forge = lambda _: answered(500, b'{"message": "sorry"}')
    assert propose(agent, branch, title="Another").status == 500


def test_parts_that_are_away_let_nothing_through(rig: ProposalRig) -> None:
    """The checks that describe, the evidence that breaks off, the repository itself: each a denial worth trying again."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    rig.evidence = [{"progress": "semgrep: 1 rule"}]
    assert codes(propose(agent, branch)) == ["push.checks_failed"]
    rig.reset()
    gone = rig.shop.rename(rig.shop.with_name("gone.git"))
    missing = propose(agent, branch)
    gone.rename(rig.shop)
    assert codes(missing) == ["proposal.repository_unreadable"]
    assert rig.changes(agent.workflow)[-1].input is not None
    assert (rig.changes(agent.workflow)[-1].input or {})["via"] == "push"
    assert rig.sent() == []
    assert propose(agent, branch).status == 201


def test_an_open_pull_request_changes_by_pushes_alone(rig: ProposalRig) -> None:
    """Its texts, base and state stay as they were judged: PATCH is shut, and so is GraphQL, which makes drafts ready."""
    agent = rig.git_agent("proposer")
    branch, _ = pushed(agent)
    assert propose(agent, branch, draft=True).status == 201
    number = rig.forge_api("GET", "/repos/acme/shop/pulls?state=all")[0]["number"]
    shut = call(agent, "PATCH", f"{API}/pulls/{number}", base="release", body="Doorless-Receipt: d-1")
    assert codes(shut) == ["request.door_closed"]
    ready = {"query": "mutation { markPullRequestReadyForReview(input: {}) { clientMutationId } }"}
    assert codes(call(agent, "POST", "/forge/graphql", **ready)) == ["request.door_closed"]
    assert len(rig.sent("PATCH")) == 0


def test_a_forged_receipt_in_a_pushed_commit_is_refused(rig: ProposalRig) -> None:
    """What agents push keeps its hash, so the gateway writes nothing into it; and nobody else writes what it would."""
    agent = rig.git_agent("proposer")
    clone = agent.clone()
    clone.commit({"a.txt": "a\n"}, "A change\n\nDoorless-Receipt: d-aaaaaaaaaaaaaaaaaaaaaaaaaa #7")
    clone.commit({"b.txt": "b\n"}, "Innocent")
    ran = clone.push(ok=False)
    assert ran.code != 0
    assert "[push.receipt_forged]" in ran.out
    assert rig.refusals(agent.workflow) == ["push.receipt_forged"]
    clone.git("reset", "--quiet", "--soft", "origin/main")
    clone.git("commit", "--quiet", "--message", "A change")
    told = clone.push().out
    receipt = next(line for line in told.splitlines() if "Doorless-Receipt: d-" in line)
    assert rig.changes(agent.workflow)[-1].id in receipt


def _ignore(_: str) -> None:
    pass

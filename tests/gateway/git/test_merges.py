"""A merge is a change that a person must allow: as it was when they looked, once, and as them.

Whatever else may be said for it (a role, a jury, a grant given beforehand, a forgetful catalogue) lets none through.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from audit.entry import DecisionEntry, EventEntry
from tests.gateway.git.proposing import (
    GOOD,
    PASSED,
    ProposalRig,
    answered,
    codes,
    held,
    merge,
    propose,
    push_more,
    pushed,
)
from tests.gateway.git.rig import GitAgent, git
from tests.gateway.peers import Received
from tests.gateway.rig import PEOPLE_KEY


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


class Proposed:
    """A workflow with an open pull request."""

    def __init__(self, rig: ProposalRig, text: str = GOOD) -> None:
        self.rig = rig
        self.agent: GitAgent = rig.git_agent("proposer")
        self.branch, self.head = pushed(self.agent, text=text)
        answer = propose(self.agent, self.branch)
        assert answer.status == 201, answer.body
        self.number: int = answer.json["number"]

    def held(self) -> str:
        """The hold of its merge."""
        return held(merge(self.agent, self.number, self.head))

    def changes(self) -> list[DecisionEntry]:
        """The decisions on its merge as a change."""
        entries = self.rig.changes(self.agent.workflow)
        return [entry for entry in entries if entry.input and entry.input["action"] == "merge"]

    def main(self) -> str:
        """Where the base is at the forge."""
        return self.rig.refs()["refs/heads/main"]


def test_a_merge_waits_for_a_person_and_is_made_as_that_person(rig: ProposalRig) -> None:
    """Held on terms of its own, bound to the change, made with people's key; the commit names both, and once is enough."""
    proposed = Proposed(rig)
    rig.asked.clear()
    hold = proposed.held()
    assert rig.shown_to_jury() == [], "a person decides: the jury spoke when it was proposed"
    (change,) = proposed.changes()
    opened = rig.opened(hold).detail
    assert (opened["template"], opened["change"], change.decision) == ("merge", change.id, "hold")
    assert [reason.code for reason in change.reasons] == ["change.irreversible"]
    assert held(merge(proposed.agent, proposed.number, proposed.head)) == hold, (
        "the same call is the same hold"
    )
    status, said = rig.say(hold)
    assert (status, said["performed"]["status"]) == (200, 200)
    shown = git(rig.shop, "log", "-1", "--format=%P%n%(trailers:only)", "main").out.split()
    decision = rig.decision(said["performed"]["decision"])
    place = rig.entries().index(decision)
    assert shown[1] == proposed.head
    me = opened["approvers"]
    assert shown[2:] == ["Doorless-Receipt:", decision.id, f"#{place}", "Doorless-Approved-By:", str(me)]
    last = proposed.changes()[-1]
    assert (last.decision, (last.input or {})["performed_by"]) == ("allow", me)
    assert (last.input or {})["approval"]["hold"] == hold
    assert rig.steps(hold) == ["hold.opened", "approval.given", "approval.used"]
    assert rig.say(hold)[1]["code"] == "hold.used"
    assert codes(merge(proposed.agent, proposed.number, proposed.head)) == ["proposal.not_open"]


def _pushed_more(proposed: Proposed) -> None:
    push_more(proposed.agent, proposed.branch, GOOD + "\n# more\n")


def _base_moved(proposed: Proposed) -> None:
    proposed.rig.move("main")


def _closed(proposed: Proposed) -> None:
    path = f"/repos/acme/shop/pulls/{proposed.number}/merge"
    done = proposed.rig.forge_api("PUT", path, PEOPLE_KEY, sha=proposed.head)
    assert done["merged"], done


def _branch_gone(proposed: Proposed) -> None:
    git(proposed.rig.shop, "update-ref", "-d", f"refs/heads/{proposed.branch}")


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (_pushed_more, "proposal.head_moved"),
        (_base_moved, "hold.changed"),
        (_closed, "proposal.not_open"),
        (_branch_gone, "proposal.head_moved"),
    ],
)
def test_what_happens_behind_an_approval_voids_it(rig: ProposalRig, happens: Any, code: str) -> None:
    """A push, a base that moved, a pull request that is over: nothing is merged, by our own look and not by the forge's 409.

    Without the change in the digest the base's move went unseen; without a look at `GONE` the others left the approval.
    """
    proposed = Proposed(rig)
    hold = proposed.held()
    happens(proposed)
    before, rig.upstream.received[:] = proposed.main(), []
    status, said = rig.say(hold)
    assert (status, said["code"], proposed.main()) == (409, code, before)
    assert rig.sent("PUT") == []
    void = rig.event("approval.void", proposed.agent.workflow).detail
    assert (void["hold"], void["cause"]) == (hold, "changed")
    assert rig.say(hold)[1]["code"] == "hold.void"
    refused = rig.decisions(proposed.agent.workflow)[-1]
    assert (refused.kind, refused.decision, refused.reasons[0].code) == ("request", "deny", code)


def test_the_forges_own_look_stays_behind_ours(rig: ProposalRig) -> None:
    """A head that moves in the very moment of the merge: the forge compares it with `sha`, and refuses."""
    proposed = Proposed(rig)
    hold = proposed.held()

    def at_forge(received: Received) -> None:
        if received.line.startswith(b"PUT"):
            rig.move(proposed.branch)

    rig.at_forge = at_forge
    before = proposed.main()
    status, said = rig.say(hold)
    assert (status, said["performed"]["status"], proposed.main()) == (200, 409, before)
    assert rig.say(hold)[1]["code"] == "hold.used"


def test_two_persons_at_the_same_moment_merge_once(rig: ProposalRig) -> None:
    """Both say yes at once: one merge, one use, and the log holds one decision that allowed it."""
    proposed = Proposed(rig)
    hold = proposed.held()
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: rig.say(hold), range(4)))
    assert [status for status, _ in said].count(200) == 1, said
    assert len(rig.sent("PUT")) == 1
    assert rig.steps(hold).count("approval.used") == 1


def test_where_two_must_agree_one_is_not_enough(rig: ProposalRig) -> None:
    """The terms of `merge` count, whatever those of `irreversible` are."""
    rig.set_terms("root", "somebody", needed=2)
    assert rig.admin.post("/policy/reload").status_code == 200
    try:
        proposed = Proposed(rig)
        hold = proposed.held()
        before = proposed.main()
        assert rig.say(hold)[1]["state"] == "open"
        assert proposed.main() == before
    finally:
        rig.set_terms()
        assert rig.admin.post("/policy/reload").status_code == 200


def test_no_jury_merges(rig: ProposalRig) -> None:
    """It may say what it will."""
    proposed = Proposed(rig)
    before = proposed.main()
    for jury in ("passed", "veto", "no_verdict"):
        rig.jury = jury
        proposed.held()
    assert (proposed.main(), rig.sent("PUT")) == (before, [])


def test_no_grant_given_beforehand_merges(rig: ProposalRig) -> None:
    """The gateway gives none for a merge; and policy, if it were shown one, would not count it (policies/change)."""
    proposed = Proposed(rig)
    for template in ("merge", "irreversible", "output"):
        asked = {
            "template": template,
            "role": "proposer",
            "service": "forge",
            "route": "merge-pr",
            "for_s": 600,
        }
        answer = rig.admin.post("/grants", json=asked)
        assert (answer.status_code >= 400, rig.admin.get("/grants").json()["grants"]) == (True, []), (
            answer.text
        )
    proposed.held()


def test_a_catalogue_that_forgets_it_lets_no_merge_through(rig: ProposalRig) -> None:
    """A route that is not marked irreversible is held by the change's own rule; a standing grant is not enough there."""
    proposed = Proposed(rig)
    asked = {
        "role": "proposer",
        "service": "careless",
        "route": "merge-pr",
        "for_s": 600,
        "template": "merge",
    }
    rig.admin.post("/grants", json=asked)
    before = proposed.main()
    hold = held(merge(proposed.agent, proposed.number, proposed.head, service="careless"))
    assert rig.opened(hold).detail["template"] == "merge"
    assert (proposed.main(), rig.sent("PUT")) == (before, [])


def test_a_policy_without_the_rule_on_merges_never_comes_into_force(rig: ProposalRig) -> None:
    """Whoever edits the rules away: the canaries find that a merge would be allowed, and the policy in force stays."""
    rule = rig.policies / "change" / "rules" / "irreversible" / "irreversible.rego"
    kept = rule.read_text()
    rule.write_text(kept.replace('input.action == "merge"', 'input.action == "never"'))
    answer = rig.admin.post("/policy/reload")
    rule.write_text(kept)
    assert answer.status_code == 422
    assert "allowed without a person what cannot be undone" in answer.text


def test_a_merge_names_the_commit_that_is_there(rig: ProposalRig) -> None:
    """Another commit, another workflow's pull request, none at all, an address that is no number: refused and not held."""
    proposed, other = Proposed(rig), Proposed(rig)
    agent = proposed.agent
    tried = [
        (merge(agent, proposed.number, "1" * 40), ["proposal.head_moved"]),
        (merge(agent, proposed.number, other.head), ["proposal.head_moved"]),
        (merge(agent, 4711, proposed.head), ["proposal.pull_unreadable"]),
        (merge(agent, f"0{proposed.number}x", proposed.head), ["proposal.pull_unreadable"]),
        (merge(agent, proposed.number, proposed.head[:12]), ["request.output_invalid"]),
    ]
    for answer, expected in tried:
        assert (codes(answer), "x-doorless-hold" in answer.headers) == (expected, False)
    foreign = merge(agent, other.number, other.head)
    assert set(codes(foreign)) == {"change.ref_outside_namespace", "change.foreign_identity"}


def test_a_merge_is_judged_with_evidence(rig: ProposalRig) -> None:
    """Tests that fail by now, or that nobody configured, are no merge that a person is asked about."""
    proposed = Proposed(rig)
    rig.evidence = [{**PASSED, "evidence": {"semgrep": "passed", "tests": "failed"}}]
    assert codes(merge(proposed.agent, proposed.number, proposed.head)) == ["change.evidence_failed"]
    rig.evidence = [{**PASSED, "evidence": {"semgrep": "passed", "tests": "not_configured"}}]
    assert codes(merge(proposed.agent, proposed.number, proposed.head)) == ["change.evidence_missing"]


def test_a_pull_request_that_the_forge_tells_otherwise_is_not_asked_about(rig: ProposalRig) -> None:
    """Of a fork, on a base that is not there, with a head that git does not have: a denial, and nothing waits."""
    proposed = Proposed(rig)
    document = rig.forge_api("GET", f"/repos/acme/shop/pulls/{proposed.number}")
    tried: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("head", {"repo": {"full_name": "mallory/shop"}}, "proposal.foreign_repository"),
        ("base", {"ref": "release"}, "proposal.branch_missing"),
        ("head", {"ref": "main"}, "proposal.head_moved"),
    )
    for side, told, code in tried:
        body = json.dumps({**document, side: {**document[side], **told}}).encode()
        rig.at_forge = lambda _, body=body: answered(200, body)  # type: ignore[misc]
        answer = merge(proposed.agent, proposed.number, proposed.head)
        assert (codes(answer), "x-doorless-hold" in answer.headers) == ([code], False), told


def test_a_moment_without_the_forge_costs_no_approval(rig: ProposalRig) -> None:
    """What cannot be looked at now is refused and may be tried again: the approval still counts, and is used once."""
    proposed = Proposed(rig)
    hold = proposed.held()
    rig.at_forge = lambda _: answered(503, b"{}")
    assert rig.say(hold)[1]["code"] == "proposal.pull_unreadable"
    rig.reset()
    status, said = rig.say(hold)
    assert (status, said["performed"]["status"]) == (200, 200)
    events = [e.event for e in rig.entries() if isinstance(e, EventEntry) and e.detail.get("hold") == hold]
    assert events.count("approval.given") == 1

"""Standing grants through a real gateway, the real policy and the real log: narrow, for a time, recorded, and taken back."""

from collections.abc import Iterator
from typing import Any

import pytest

from audit.entry import EventEntry
from tests.gateway.rig import Agent, until
from tests.gateway.test_validation import APPROVALS, APPROVER, PULL, SERVICES, OutputRig, codes, propose

TERMS = {"template": "output", "role": "proposer", "service": "forge", "route": "propose", "for_s": 600}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutputRig]:
    """A gateway whose jury never has a verdict: each pull request waits for a person."""
    rig = OutputRig(tmp_path_factory.mktemp("home"))
    rig.says = "no_verdict"
    yield rig
    rig.close()


@pytest.fixture
def agent(rig: OutputRig) -> Iterator[Agent]:
    """A workflow of its own, with no grant that stands."""
    yield rig.agent("proposer")
    for grant in rig.admin.get("/grants").json()["grants"]:
        rig.admin.delete(f"/grants/{grant['grant']}")


def give(rig: OutputRig, **changes: Any) -> Any:
    """A grant."""
    answer = rig.admin.post("/grants", json={**TERMS, **changes})
    assert answer.status_code == 200, answer.text
    return answer.json()


def terms_in_force(rig: OutputRig, text: str) -> None:
    """Bring other approvers into force."""
    (rig.policies / "approvals.yaml").write_text(text)
    assert rig.admin.post("/policy/reload").status_code == 200


def test_a_grant_lets_through_what_waits_until_it_is_taken_back(rig: OutputRig, agent: Agent) -> None:
    """Given, used twice, taken back: each step stands in the log, and each decision names the grant that it rests on."""
    assert codes(propose(agent, PULL)) == {"request.output_undecided"}
    grant = give(rig)["grant"]
    for title in ("one", "two"):
        answer = propose(agent, {**PULL, "title": title})
        assert answer.status == 200, answer.body
    allowed = [one for one in rig.decisions(agent.workflow) if one.decision == "allow"]
    for entry in allowed:
        assert entry.input is not None
        approval = entry.input["approval"]
        assert (approval["hold"], approval["standing"], approval["approvers"]) == (grant, True, [APPROVER])
    assert rig.admin.delete(f"/grants/{grant}").status_code == 200
    assert codes(propose(agent, {**PULL, "title": "three"})) == {"request.output_undecided"}
    steps = [e.event for e in rig.entries() if isinstance(e, EventEntry) and e.detail.get("grant") == grant]
    assert steps == ["grant.given", "grant.revoked"]


def test_a_grant_ends_by_itself(rig: OutputRig, agent: Agent) -> None:
    """After its time the same call waits again, and nobody has to do anything for that."""
    give(rig, for_s=2)
    assert propose(agent, {**PULL, "title": "in time"}).status == 200
    until(lambda: propose(agent, {**PULL, "title": "late"}).status == 403)
    assert rig.admin.get("/grants").json() == {"grants": []}


@pytest.mark.parametrize("narrow", [{"role": "reporter"}, {"route": "hand-in"}, {"template": "merge"}])
def test_a_grant_is_for_one_role_one_route_and_one_reason(
    rig: OutputRig, agent: Agent, narrow: dict[str, str]
) -> None:
    """For another one of any of them it changes nothing."""
    give(rig, **narrow)
    assert codes(propose(agent, PULL)) == {"request.output_undecided"}


@pytest.mark.parametrize(
    "approvals",
    [
        APPROVALS.replace(APPROVER, "somebody"),
        APPROVALS.replace(APPROVER, f"{APPROVER}, somebody").replace("needed: 1", "needed: 2"),
        APPROVALS.replace("needed: 1", "needed: 1, not_starter: true").replace(APPROVER, f"{APPROVER}, bob"),
    ],
)
def test_a_grant_counts_as_far_as_who_gave_it(rig: OutputRig, agent: Agent, approvals: str) -> None:
    """Of somebody whom policy does not name, of one where two are needed, of the one who started the workflow: not enough."""
    terms_in_force(rig, approvals)
    try:
        give(rig)
        assert codes(propose(agent, PULL)) == {"request.output_undecided"}
    finally:
        terms_in_force(rig, APPROVALS)


def test_a_grant_ends_with_the_policy_that_it_was_given_under(rig: OutputRig, agent: Agent) -> None:
    """Under another revision it is void: what it would let through may be something else by then."""
    give(rig)
    terms_in_force(rig, APPROVALS.replace("60", "61"))
    try:
        assert codes(propose(agent, PULL)) == {"request.output_undecided"}
    finally:
        terms_in_force(rig, APPROVALS)
    assert propose(agent, PULL).status == 200, "and under the same one again it stands"


def test_no_grant_is_given_for_what_cannot_be_undone(rig: OutputRig, agent: Agent) -> None:
    """Refused where it is given; and one that was given before the catalogue said so is worth nothing."""
    give(rig)
    services = rig.policies / "services.yaml"
    undoable = SERVICES.format(port=rig.upstream.port)
    services.write_text(undoable.replace("output: create-pr", "output: create-pr, irreversible: true"))
    terms_in_force(rig, APPROVALS + f"  irreversible: {{ approvers: [{APPROVER}] }}\n")
    try:
        refused = rig.admin.post("/grants", json={**TERMS, "template": "irreversible"})
        assert (refused.status_code, refused.json()["code"]) == (409, "grant.irreversible")
        rig.says = "passed"  # so that nothing but the catalogue's word holds it
        assert codes(propose(agent, PULL)) == {"request.irreversible"}
    finally:
        rig.says = "no_verdict"
        services.write_text(undoable)
        terms_in_force(rig, APPROVALS)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"for_s": 86_401}, "grant.too_long"),
        ({"for_s": 0}, "grant.too_long"),
        ({"route": "nowhere"}, "grant.route_unknown"),
        ({"service": "nothing"}, "grant.route_unknown"),
        ({"by": "somebody"}, "body_invalid"),
    ],
)
def test_a_grant_that_would_not_count_is_refused(rig: OutputRig, changes: dict[str, Any], code: str) -> None:
    """With a code each; who gives it the kernel says, and nothing in the request."""
    assert rig.admin.post("/grants", json={**TERMS, **changes}).json()["code"] == code
    assert rig.admin.get("/grants").json() == {"grants": []}

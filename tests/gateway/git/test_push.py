"""`git push` through the gateway with real git on every side: what is published, what is refused, what is recorded."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from audit.entry import DecisionEntry, OutcomeEntry
from tests.gateway.git.rig import Clone, GitAgent, GitRig, Ran, git
from tests.gateway.rig import until

GOOD = {"shop/cart.py": "def total(prices):\n    return sum(prices, 0)\n"}
TOKEN_SHAPE = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def agent(git_rig: GitRig) -> GitAgent:
    return git_rig.git_agent()


def good(agent: GitAgent) -> Clone:
    clone = agent.clone()
    clone.commit(GOOD)
    return clone


def test_an_allowed_push_is_published_as_it_was_committed(git_rig: GitRig, agent: GitAgent) -> None:
    """The commit that was pushed is the one at the forge; a change decision and its outcome stand in the log."""
    clone = agent.clone()
    commit = clone.commit(GOOD)
    ran = clone.push()
    assert git_rig.refs()[clone.branch] == commit
    [change] = git_rig.changes(agent.workflow)
    assert (change.decision, change.source) == ("allow", "policy")
    assert f"Doorless-Receipt: {change.id}" in ran.out
    outcome = git_rig.outcome(change.id)
    assert (outcome.forwarded, outcome.result) == (True, "completed")
    requests = [entry for entry in git_rig.decisions(agent.workflow) if entry.kind == "request"]
    served = [git_rig.outcome(entry.id) for entry in requests]
    assert {entry.result for entry in served} == {"completed"}
    assert [entry.forwarded for entry in served] == [True, True, True, False, False]


def test_the_question_names_who_pushes_what(git_rig: GitRig, agent: GitAgent) -> None:
    """What policy was asked holds workflow, repository, namespace and the identity that commits must name."""
    good(agent).push()
    [change] = git_rig.changes(agent.workflow)
    assert change.input is not None
    assert change.input["repository"] == "acme/shop"
    assert change.input["namespace"] == f"refs/heads/agent/{agent.workflow}/"
    assert change.input["identity"] == {
        "name": "pr-creator",
        "email": f"{agent.workflow}@agents.doorless.local",
    }


def test_a_second_push_adds_to_the_first(git_rig: GitRig, agent: GitAgent) -> None:
    """New commits on the workflow's own branch are one more decision, and move it on."""
    clone = good(agent)
    clone.push()
    commit = clone.commit({"shop/more.py": "MORE = 1\n"})
    clone.push()
    assert git_rig.refs()[clone.branch] == commit
    assert len(git_rig.changes(agent.workflow)) == 2


def test_every_reason_is_shown_behind_remote(git_rig: GitRig, agent: GitAgent) -> None:
    """A push that is wrong in three ways is refused once, with three reasons, remedies and the decision's id."""
    clone = agent.clone()
    clone.commit({"auth/login.py": "x = 1\n", "tests/test_cart.py": "\n", "big.txt": "line\n" * 600})
    ran = clone.push(ok=False)
    assert ran.code == 1
    [change] = git_rig.changes(agent.workflow)
    told = [line.strip() for line in ran.out.splitlines() if line.startswith("remote:")]
    assert change.id in told[0]
    codes = {reason.code for reason in change.reasons}
    assert codes == {"change.forbidden_path", "change.protected_path", "change.too_many_lines"}
    assert all(any(f"[{code}]" in line for line in told) for code in codes)
    assert clone.branch not in git_rig.refs()


@pytest.mark.parametrize(
    ("refspec", "code"),
    [
        ("HEAD:refs/heads/main", "change.ref_outside_namespace"),
        ("HEAD:refs/heads/agent/wf-another/x", "change.ref_outside_namespace"),
        ("HEAD:refs/tags/v1", "change.ref_outside_namespace"),
        ("HEAD:refs/notes/commits", "change.ref_outside_namespace"),
        ("HEAD:refs/replace/" + "1" * 40, "change.ref_outside_namespace"),
        (":refs/heads/main", "change.ref_deleted"),
    ],
)
def test_a_push_touches_its_own_branches_only(
    git_rig: GitRig, agent: GitAgent, refspec: str, code: str
) -> None:
    """Other branches, tags, notes, replaced objects and deletions are refused by policy, and nothing moves."""
    clone = good(agent)
    before = git_rig.refs()
    ran = clone.push(refspec, ok=False)
    assert ran.code == 1
    assert f"[{code}]" in ran.out
    assert git_rig.refs() == before


def test_a_force_push_is_refused(git_rig: GitRig, agent: GitAgent) -> None:
    """A branch of the workflow's own never loses commits."""
    clone = good(agent)
    clone.push()
    before = git_rig.refs()
    clone.git("commit", "--quiet", "--amend", "--message", "Another")
    ran = clone.push("--force", f"HEAD:{clone.branch}", ok=False)
    assert "[change.ref_forced]" in ran.out
    assert git_rig.refs() == before


def test_a_foreign_author_is_refused(agent: GitAgent) -> None:
    """Commits name the workflow, or the push is refused."""
    clone = agent.clone()
    clone.environment["GIT_AUTHOR_EMAIL"] = "boss@example.com"
    clone.commit(GOOD)
    assert "[change.foreign_identity]" in clone.push(ok=False).out


@pytest.mark.parametrize("place", ["message", "header", "ref", "path"])
def test_a_secret_in_a_name_or_a_message_goes_nowhere(git_rig: GitRig, agent: GitAgent, place: str) -> None:
    """What looks like a key is found in commit messages, commit headers, ref names and paths, and is not logged.

    Without the search of commits a message passed as it was; without the search of names the log repeated it.
    """
    clone = agent.clone()
    files = {f"docs/{TOKEN_SHAPE}.md": "x\n"} if place == "path" else GOOD
    clone.commit(files, f"use {TOKEN_SHAPE}" if place == "message" else "A change")
    if place == "header":
        raw = clone.git("cat-file", "commit", "HEAD").out
        raw = raw.replace("\n\n", f"\nx-note {TOKEN_SHAPE}\n\n", 1)
        made = git(clone.folder, "hash-object", "-t", "commit", "-w", "--stdin", given=raw.encode())
        clone.git("reset", "--quiet", "--hard", made.out.strip())
    branch = f"{clone.branch}-{TOKEN_SHAPE}" if place == "ref" else clone.branch
    ran = clone.push(f"HEAD:{branch}", ok=False)
    assert ran.code == 1
    assert "[change.secret_found]" in ran.out
    journal = b"".join(path.read_bytes() for path in (git_rig.home / "log").rglob("*") if path.is_file())
    assert TOKEN_SHAPE.encode() not in journal


def test_a_role_that_may_not_push_is_told_before_it_packs(git_rig: GitRig) -> None:
    """The first question of a push is asked as a push: git shows the reason, and no pack is made.

    Asked as a read, it passed, and behind the pack git showed "HTTP 403" and no reason.
    """
    reader = git_rig.git_agent("reader")
    clone = good(reader)
    ran = clone.push(ok=False)
    assert "[request.action_not_granted]" in ran.out
    kinds = [(entry.kind, entry.decision) for entry in git_rig.decisions(reader.workflow)]
    assert kinds[-1] == ("request", "deny")
    assert kinds.count(("request", "deny")) == 1


def test_a_service_without_pushes_has_no_such_door(git_rig: GitRig) -> None:
    """Where the catalogue declares no push, the first question of one is "not found"."""
    reader = git_rig.git_agent("reader")
    clone = reader.clone(service="closed")
    clone.commit(GOOD)
    assert "[request.not_found]" in clone.push(ok=False).out
    assert git_rig.refusals(reader.workflow) == ["request.route_unknown"]


def test_four_pushes_at_once_all_land(git_rig: GitRig) -> None:
    """Four workflows push to one repository at the same time; each gets its branch."""
    clones = [good(git_rig.git_agent()) for _ in range(4)]
    ran: dict[int, Ran] = {}

    def push(number: int) -> None:
        ran[number] = clones[number].push(ok=False)

    threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [ran[number].code for number in range(4)] == [0] * 4, ran
    assert {clone.branch for clone in clones} <= git_rig.refs().keys()


def test_a_large_push_passes_in_flat_memory(git_rig: GitRig) -> None:
    """12 MB that cannot be compressed come after git's probe, in chunks, and cost the gateway less than 12 MB."""
    _carry(git_rig, 12_000_000, 12_000)


@pytest.mark.long
def test_a_push_of_100_mb_passes_in_flat_memory(git_rig: GitRig) -> None:
    """The same with 100 MB, and no more memory."""
    _carry(git_rig, 100_000_000, 12_000)


def _carry(git_rig: GitRig, size: int, most_kib: int) -> None:
    carrier = git_rig.git_agent("carrier")
    bare = git_rig.new_repository("acme/large")
    clone = carrier.clone(repository="acme/large")
    clone.commit({"data.bin": os.urandom(size)})
    before = _peak_kib(git_rig.gateway.pid)
    clone.push()
    assert _peak_kib(git_rig.gateway.pid) - before < most_kib
    assert clone.branch in git_rig.refs(bare)
    shutil.rmtree(bare)  # or the search for canaries at the rig's end goes through all of it
    pushes = [
        entry
        for entry in git_rig.decisions(carrier.workflow)
        if entry.input is not None and entry.input.get("path", "").endswith("git-receive-pack")
    ]
    assert [entry.input and entry.input["body_bytes"] for entry in pushes] == [4, -1]


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_nothing_of_a_push_stays_behind(git_rig: GitRig, agent: GitAgent) -> None:
    """When a push is over, allowed or not, its quarantine is gone."""
    good(agent).push()
    refused = agent.clone()
    refused.commit({"auth/x": "1"})
    refused.push(ok=False)
    assert list((git_rig.home / "git" / "pushes").iterdir()) == []


def test_what_was_allowed_is_forwarded_and_nothing_else(git_rig: GitRig) -> None:
    """Every outcome that says forwarded belongs to an allow (the log's own ledger holds over all of this)."""
    decisions = [entry for entry in git_rig.entries() if isinstance(entry, DecisionEntry)]
    allowed = {entry.id for entry in decisions if entry.decision == "allow"}
    forwarded = {e.decision for e in git_rig.entries() if isinstance(e, OutcomeEntry) and e.forwarded}
    assert forwarded <= allowed


def test_a_push_that_a_candidate_would_refuse_is_a_flip(git_rig: GitRig, tmp_path: Path) -> None:
    """The push goes on; the flip names the decision on the change, not those on the requests around it."""
    policies = shutil.copytree(git_rig.policies, tmp_path / "candidate")
    roles = policies / "roles.yaml"
    closed = roles.read_text().replace("forbidden_paths: [", "forbidden_paths: [shop/*, ")
    assert closed != roles.read_text()
    roles.write_text(closed)
    begun = git_rig.admin.post("/policy/shadow", json={"policies": str(policies)}, timeout=30)
    assert begun.status_code == 200, begun.text
    agent = git_rig.git_agent()
    good(agent).push()
    [change] = git_rig.changes(agent.workflow)
    asked = len([entry for entry in git_rig.decisions(agent.workflow) if entry.kind != "refusal"])
    until(lambda: git_rig.admin.get("/policy/shadow").json()["asked"] >= asked)
    told = git_rig.admin.delete("/policy/shadow").json()
    assert (told["flips"], told["errors"], told["agreed"]) == (1, {}, asked - 1)
    assert told["kinds"][0]["examples"] == [change.id]
    assert told["kinds"][0]["rule"] == "change.rules.forbidden_path"

"""One rule, every door: a change by a forge's API is the push that it becomes, and what cannot be described is shut."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.git.by_api import MOST_BYTES
from tests.gateway.git.rig import GitAgent, GitRig, git
from tests.gateway.rig import Answer, stop

API = "/forge/repos/acme/shop"
GITHUB_TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
GOOD = "def total(prices):\n    return sum(prices, start=0)\n"


@pytest.fixture
def agent(git_rig: GitRig) -> GitAgent:
    """A workflow that may push."""
    return git_rig.git_agent()


def ask(agent: GitAgent, method: str, path: str, **members: Any) -> Answer:
    """One call of the API."""
    body = json.dumps(members).encode()
    return agent.agent.request(method, API + path, body, {"Content-Type": "application/json"})


def encoded(text: str) -> str:
    """A file's content as the API takes it, lines broken as some clients break them."""
    return base64.encodebytes(text.encode()).decode()


def branched(git_rig: GitRig, agent: GitAgent) -> str:
    """A new branch of the workflow's own, made by the API; its short name."""
    main = git_rig.refs()["refs/heads/main"]
    name = f"agent/{agent.workflow}/work"
    answer = ask(agent, "POST", "/git/refs", ref=f"refs/heads/{name}", sha=main)
    assert answer.status == 201, answer.body
    assert answer.json["object"]["sha"] == main
    return name


def file_at(git_rig: GitRig, branch: str, path: str) -> str:
    """What the forge has there."""
    return git(git_rig.shop, "show", f"refs/heads/{branch}:{path}").out


def test_a_branch_and_files_are_made_by_the_api(git_rig: GitRig, agent: GitAgent) -> None:
    """Create a branch, change a file, add one, delete one: all of it is at the forge, in the workflow's name.

    The forge itself has no such API: what it saw are pushes.
    """
    branch = branched(git_rig, agent)
    old = git(git_rig.shop, "rev-parse", "refs/heads/main:shop/cart.py").out.strip()
    changed = ask(
        agent, "PUT", "/contents/shop/cart.py", message="Fix", content=encoded(GOOD), sha=old, branch=branch
    )
    assert changed.status == 200, changed.body
    receipt = f"Doorless-Receipt: {changed.headers['x-doorless-decision']}"
    assert changed.json["commit"]["message"] == f"Fix\n\n{receipt}"
    assert file_at(git_rig, branch, "shop/cart.py") == GOOD
    added = ask(
        agent, "PUT", "/contents/docs/n%20e%2Fw.md", message="Add", content=encoded("x\n"), branch=branch
    )
    assert (added.status, added.json["content"]["path"]) == (201, "docs/n e/w.md")
    assert added.json["content"]["url"].startswith("http://proxy/forge/repos/acme/shop/contents/")
    gone = ask(
        agent,
        "DELETE",
        "/contents/docs/n%20e/w.md",
        message="Drop",
        sha=added.json["content"]["sha"],
        branch=branch,
    )
    assert (gone.status, gone.json["content"]) == (200, None)
    shown = git(git_rig.shop, "log", "--format=%an <%ae> %s", f"main..{branch}").out.splitlines()
    who = f"pr-creator <{agent.workflow}@agents.doorless.local>"
    assert shown == [f"{who} Drop", f"{who} Add", f"{who} Fix"]
    ids = [one.headers["x-doorless-decision"] for one in (changed, added, gone)]
    trailers = git(
        git_rig.shop, "log", "--reverse", "--format=%(trailers:only)", f"main..{branch}"
    ).out.split("\n\n")
    assert [line.strip() for line in trailers if line.strip()] == [f"Doorless-Receipt: {id_}" for id_ in ids]
    assert [entry.id for entry in git_rig.changes(agent.workflow)][1:] == ids


def test_the_question_is_the_one_of_a_push(git_rig: GitRig, agent: GitAgent) -> None:
    """The same file, pushed and put, is one set of facts but for names of refs and commits."""
    branch = branched(git_rig, agent)
    ask(agent, "PUT", "/contents/new.txt", message="A change", content=encoded("x\n"), branch=branch)
    clone = agent.clone()
    clone.commit({"new.txt": "x\n"})
    clone.push(f"HEAD:refs/heads/agent/{agent.workflow}/pushed")
    _, put, pushed = [entry.input for entry in git_rig.changes(agent.workflow)]
    assert put is not None
    assert pushed is not None
    for one in (put, pushed):
        assert one["via"] == "push"
        for own in ("now", "facts"):
            assert own in one
    assert {name: put[name] for name in put if name not in {"now", "facts"}} == {
        name: pushed[name] for name in pushed if name not in {"now", "facts"}
    }
    assert put["facts"]["files"] == pushed["facts"]["files"]
    assert put["facts"]["totals"] == pushed["facts"]["totals"]


def test_the_update_of_a_branch_is_a_push(git_rig: GitRig, agent: GitAgent) -> None:
    """Forward it moves to a commit that the forge has; back over its own commits it is a force push, and refused."""
    branch = branched(git_rig, agent)
    main = git_rig.refs()["refs/heads/main"]
    ask(agent, "PUT", "/contents/a.txt", message="A", content=encoded("x\n"), branch=branch)
    back = ask(agent, "PATCH", f"/git/refs/heads/{branch}", sha=main, force=True)
    assert (back.status, "[change.ref_forced]" in back.json["message"]) == (403, True)
    tip = git_rig.refs()[f"refs/heads/{branch}"]
    other = f"agent/{agent.workflow}/other"
    ask(agent, "POST", "/git/refs", ref=f"refs/heads/{other}", sha=main)
    forward = ask(agent, "PATCH", f"/git/refs/heads%2F{other.replace('/', '%2F')}", sha=tip)
    assert forward.status == 200, forward.body
    assert git_rig.refs()[f"refs/heads/{other}"] == tip


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "auth": ("/contents/auth/login.py", {}, "change.forbidden_path"),
    "tests": ("/contents/tests/test_new.py", {}, "change.protected_path"),
    "large": ("/contents/big.txt", {"content": encoded("line\n" * 600)}, "change.too_many_lines"),
    "main": ("/contents/a.txt", {"branch": "main"}, "change.ref_outside_namespace"),
    "default": ("/contents/a.txt", {"branch": ""}, "change.ref_outside_namespace"),
    "author": ("/contents/a.txt", {"author": {"name": "ann", "email": "a@b.c"}}, "change.foreign_identity"),
    "secret": ("/contents/a.txt", {"content": encoded(f"token = '{GITHUB_TOKEN}'\n")}, "change.secret_found"),
    "message": ("/contents/a.txt", {"message": GITHUB_TOKEN}, "change.secret_found"),
    "receipt": ("/contents/a.txt", {"message": "m\n\ndoorless-receipt : d-1"}, "push.receipt_forged"),
}


def test_what_a_push_is_refused_for_a_door_is_too(git_rig: GitRig, agent: GitAgent) -> None:
    """Protected and forbidden paths, sizes, main, foreign authors and secrets, each with its code; nothing moves."""
    branch = branched(git_rig, agent)
    before = git_rig.refs()
    for name, (path, members, code) in REFUSED.items():
        usual = {"message": "A change", "content": encoded("x\n"), "branch": branch}
        answer = ask(agent, "PUT", path, **(usual | members))
        assert (answer.status, f"[{code}]" in answer.body.decode()) == (403, True), (name, answer.body)
    assert git_rig.refs() == before


def test_a_ref_that_is_not_ours_is_refused(git_rig: GitRig, agent: GitAgent) -> None:
    """By name: another's branch, a tag, and names that no branch can have; an unknown commit; one that exists."""
    own, main = branched(git_rig, agent), git_rig.refs()["refs/heads/main"]
    before = git_rig.refs()
    tried = {
        "refs/heads/other": "change.ref_outside_namespace",
        "refs/tags/v1": "change.ref_outside_namespace",
        f"refs/heads/{own}:refs/heads/main": "push.body_invalid",
        "refs/heads/../main": "push.body_invalid",
        "main": "push.body_invalid",
        f"refs/heads/{own}": "push.branch_exists",
    }
    for ref, code in tried.items():
        answer = ask(agent, "POST", "/git/refs", ref=ref, sha=main)
        assert (answer.status, f"[{code}]" in answer.json["message"]) == (403, True), (ref, answer.body)
    unknown = ask(agent, "POST", "/git/refs", ref=f"refs/heads/{own}2", sha="1" * 40)
    assert "[push.commit_unknown]" in unknown.json["message"]
    assert git_rig.refs() == before


@pytest.mark.parametrize(
    ("path", "members", "code"),
    [
        ("/contents/a", {"message": "m"}, "push.body_invalid"),
        ("/contents/a", {"content": "not base64!", "message": "m"}, "push.body_invalid"),
        ("/contents/a", {"content": "", "message": 1}, "push.body_invalid"),
        ("/contents/.git/config", {"content": "", "message": "m"}, "push.body_invalid"),
        ("/contents/README.md", {"content": "", "message": "m"}, "push.file_changed"),
        ("/contents/README.md", {"content": "", "message": "m", "sha": "1" * 40}, "push.file_changed"),
        ("/contents/new", {"content": "", "message": "m", "sha": "1" * 40}, "push.file_changed"),
        ("/contents/a", {"content": "", "message": "m", "branch": "none"}, "push.branch_missing"),
    ],
)
def test_what_is_no_change_is_refused_and_recorded(
    git_rig: GitRig, agent: GitAgent, path: str, members: dict[str, Any], code: str
) -> None:
    """A body that cannot be read, a path that git takes nowhere, a file that is another one: no question is asked."""
    answer = ask(agent, "PUT", path, **members)
    assert (answer.status, f"[{code}]" in answer.json["message"]) == (403, True), answer.body
    assert git_rig.refusals(agent.workflow) == [code]
    assert git_rig.changes(agent.workflow) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/git/blobs"),
        ("POST", "/git/trees"),
        ("POST", "/git/commits"),
        ("POST", "/git/tags"),
        ("DELETE", "/git/refs/heads/main"),
        ("POST", "/merges"),
        ("POST", "/merge-upstream"),
        ("POST", "/branches/main/rename"),
        ("PUT", "/pulls/1/update-branch"),
        ("POST", "/statuses/" + "1" * 40),
        ("POST", "/check-runs"),
    ],
)
def test_a_door_that_cannot_be_described_is_shut(
    git_rig: GitRig, agent: GitAgent, method: str, path: str
) -> None:
    """Its refusal says what is open instead, in GitHub's shape; nothing is asked and nothing reaches the forge."""
    answer = ask(agent, method, path)
    assert answer.status == 403
    assert "[request.door_closed]" in answer.json["message"]
    assert git_rig.refusals(agent.workflow) == ["request.door_closed"]


def test_graphql_is_shut(git_rig: GitRig, agent: GitAgent) -> None:
    """createCommitOnBranch, and every other query; the refusal names the REST calls."""
    answer = agent.agent.request("POST", "/forge/graphql", b'{"query": "mutation { createCommitOnBranch }"}')
    assert "/contents/{path}" in answer.json["message"]
    assert git_rig.refusals(agent.workflow) == ["request.door_closed"]


def test_who_may_not_push_finds_no_door(git_rig: GitRig) -> None:
    """A reader is refused by the rule that refuses its push; where nothing can be pushed there is no door at all."""
    reader = git_rig.git_agent("reader")
    answer = ask(reader, "PUT", "/contents/a", message="m", content="", branch="main")
    assert "[request.action_not_granted]" in answer.json["message"]
    absent = reader.agent.request("PUT", "/closed/repos/acme/shop/contents/a", b"{}")
    assert absent.status == 404


def test_two_changes_at_once_lose_nothing(git_rig: GitRig, agent: GitAgent) -> None:
    """Six files put on one branch at the same moment: each that was told done is there, and the others were told why."""
    branch = branched(git_rig, agent)

    def put(number: int) -> Answer:
        return ask(
            agent, "PUT", f"/contents/{number}.txt", message="m", content=encoded("x\n"), branch=branch
        )

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(put, range(6)))
    done = {f"{number}.txt" for number, answer in enumerate(answers) if answer.status == 201}
    refused = [answer for answer in answers if answer.status != 201]
    assert done
    assert all("[push.upstream_moved]" in answer.json["message"] for answer in refused), [
        answer.json["message"][-260:] for answer in refused
    ]
    listed = git(git_rig.shop, "ls-tree", "--name-only", f"refs/heads/{branch}").out.splitlines()
    assert {name for name in listed if name.endswith(".txt")} == done


def test_a_change_that_is_too_large_for_the_api_is_refused(agent: GitAgent) -> None:
    """By its announced length, before it is read; the remedy is git, which streams."""
    head = f"PUT {API}/contents/a HTTP/1.1\r\nHost: proxy\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
    answer = agent.agent.raw(head.encode())
    assert b"[request.body_too_large] Push it with git" in answer


def test_parts_that_are_away_publish_nothing_and_leave_nothing(git_rig: GitRig, agent: GitAgent) -> None:
    """Without the checks, and without the forge: a code, no change, no quarantine; then the next change works."""
    branch = branched(git_rig, agent)
    before = git_rig.refs()
    usual = {"message": "m", "content": encoded("x\n"), "branch": branch}
    stop(git_rig.checks)
    unchecked = ask(agent, "PUT", "/contents/a.txt", **usual)
    (git_rig.run / "checks.sock").unlink(missing_ok=True)
    git_rig.checks = git_rig.start_checks()
    stop(git_rig.forge)
    away = ask(agent, "PUT", "/contents/a.txt", **usual)
    git_rig.forge = git_rig.start_forge()
    assert "[push.checks_unavailable]" in unchecked.json["message"]
    assert "[upstream.unreachable]" in away.json["message"], away.body
    assert git_rig.refs() == before
    assert list((git_rig.home / "git" / "pushes").iterdir()) == []
    assert ask(agent, "PUT", "/contents/a.txt", **usual).status == 201

"""Pushes that go wrong: each has its own code, nothing is half published, and the next good push works."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.git.wire import FLUSH, packet
from tests.gateway.git.fake_checks import FakeChecks
from tests.gateway.git.rig import Clone, GitAgent, GitRig, Ran, git
from tests.gateway.rig import Answer, stop, until

GOOD = {"shop/cart.py": "def total(prices):\n    return sum(prices, 0)\n"}
CAPABILITIES = b"report-status side-band-64k atomic object-format=sha1 agent=git/2.39"


@pytest.fixture
def agent(git_rig: GitRig) -> GitAgent:
    return git_rig.git_agent()


@pytest.fixture
def fake_checks(git_rig: GitRig) -> Iterator[FakeChecks]:
    """Checks that do as they are told, in the place of the real ones."""
    stop(git_rig.checks)
    fake = FakeChecks(git_rig.loop, git_rig.run / "checks.sock")
    yield fake
    fake.close()
    (git_rig.run / "checks.sock").unlink(missing_ok=True)
    git_rig.checks = git_rig.start_checks()


def good(agent: GitAgent, service: str = "forge") -> Clone:
    clone = agent.clone(service=service)
    clone.commit(GOOD)
    return clone


def when_it_pushes(clone: Clone, script: str) -> None:
    """Run a script between git's first question and its pack: when it knows where the upstream stands."""
    hook = clone.folder / ".git" / "hooks" / "pre-push"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


def refused(git_rig: GitRig, clone: Clone, code: str) -> None:
    """The push is refused with this code, and nothing moves."""
    before = git_rig.refs()
    ran = clone.push(ok=False)
    assert ran.code != 0
    assert f"[{code}]" in ran.out, ran.out
    assert git_rig.refs() == before


def lands(git_rig: GitRig, agent: GitAgent) -> None:
    """The next good push works."""
    clone = good(agent)
    clone.push()
    assert clone.branch in git_rig.refs()


def outcome_of_change(git_rig: GitRig, agent: GitAgent) -> tuple[bool, str]:
    """What became of the workflow's newest allowed change."""
    change = git_rig.changes(agent.workflow)[-1]
    assert change.decision == "allow"
    outcome = git_rig.outcome(change.id)
    return outcome.forwarded, outcome.result


def test_an_upstream_that_moved_meanwhile(git_rig: GitRig, agent: GitAgent) -> None:
    """Somebody else moved the branch after git had looked: nothing is published over it."""
    clone = good(agent)
    clone.push()
    head = git_rig.refs()["refs/heads/main"]
    clone.commit({"shop/more.py": "MORE = 1\n"})
    when_it_pushes(clone, f"GIT_DIR={git_rig.shop} git update-ref {clone.branch} {head}")
    ran = clone.push(ok=False)
    assert "[push.upstream_moved]" in ran.out
    assert git_rig.refs()[clone.branch] == head
    assert outcome_of_change(git_rig, agent) == (True, "upstream_error")
    lands(git_rig, git_rig.git_agent())


def test_two_pushes_to_one_branch_publish_one(git_rig: GitRig, agent: GitAgent) -> None:
    """Of two pushes that both begin at nothing, the second is told that the branch is there."""
    first, second = good(agent), agent.clone()
    commit = first.git("rev-parse", "HEAD").out.strip()
    second.commit({"shop/other.py": "OTHER = 1\n"})
    # The first one's push runs whole between the second one's first question and its pack.
    when_it_pushes(second, f"cd {first.folder} && git push --quiet origin HEAD:{first.branch}")
    ran = second.push(ok=False)
    assert "[push.upstream_moved]" in ran.out
    assert git_rig.refs()[first.branch] == commit


def test_an_upstream_that_says_no_after_we_said_yes(git_rig: GitRig, agent: GitAgent) -> None:
    """The forge's own hook refuses: the agent is told that we allowed it and the upstream did not."""
    hook = git_rig.shop / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho internal-host-name\nexit 1\n")
    hook.chmod(0o755)
    clone = good(agent)
    ran = clone.push(ok=False)
    hook.unlink()
    assert "[push.upstream_refused]" in ran.out
    assert "internal-host-name" not in ran.out
    assert outcome_of_change(git_rig, agent) == (True, "upstream_error")
    assert clone.branch not in git_rig.refs()
    lands(git_rig, agent)


@pytest.mark.parametrize(("moment", "has_it"), [("pre-receive", False), ("post-receive", True)])
def test_an_upstream_that_breaks_off_is_asked_what_it_has(
    git_rig: GitRig, agent: GitAgent, moment: str, has_it: bool
) -> None:
    """The forge's git dies in the middle: whether the push is there is looked up, and told and recorded as it is.

    Taken at git's word, a push that had landed was told to be lost.
    """
    hook = git_rig.shop / "hooks" / moment
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)
    clone = good(agent)
    ran = clone.push(ok=False)
    hook.unlink()
    assert (clone.branch in git_rig.refs()) is has_it
    assert (ran.code == 0) is has_it
    assert ("[push.upstream_failed]" in ran.out) is not has_it
    assert outcome_of_change(git_rig, agent) == (True, "completed" if has_it else "upstream_error")


def test_an_upstream_that_is_down(git_rig: GitRig, agent: GitAgent, tmp_path: Path) -> None:
    """Down before the push, it is told before git packs; down after our yes, nothing is published."""
    early, late = good(agent), good(git_rig.git_agent())
    asked, gone = tmp_path / "asked", tmp_path / "gone"
    when_it_pushes(late, f"touch {asked}; while [ ! -e {gone} ]; do sleep 0.01; done")
    ran: list[Ran] = []
    pushing = threading.Thread(target=lambda: ran.append(late.push(ok=False)))
    pushing.start()
    until(asked.exists)
    stop(git_rig.forge)
    gone.touch()
    pushing.join()
    assert "[push.upstream_unreachable]" in ran[0].out
    assert "[upstream.unreachable]" in early.push(ok=False).out
    git_rig.forge = git_rig.start_forge()
    assert {early.branch, late.branch}.isdisjoint(git_rig.refs())
    early.push()


def _raw_push(agent: GitAgent, pack: bytes) -> Answer:
    line = f"{'0' * 40} {'1' * 40} refs/heads/agent/{agent.workflow}/raw".encode() + b"\0 " + CAPABILITIES
    return agent.agent.request(
        "POST",
        "/forge/git/acme/shop/git-receive-pack",
        packet(line) + FLUSH + pack,
        {"Content-Type": "application/x-git-receive-pack-request", "Host": "proxy"},
    )


@pytest.mark.parametrize(
    ("pack", "code"),
    [
        (b"PACK\0\0\0\2\0\0\0\1" + b"garbage" * 9, b"push.pack_invalid"),
        (b"", b"push.pack_invalid"),
        (b"not a pack at all", b"push.pack_invalid"),
    ],
)
def test_a_corrupt_pack_is_refused_and_recorded(
    git_rig: GitRig, agent: GitAgent, pack: bytes, code: bytes
) -> None:
    """Bytes that are no pack are refused by git, with our code before git's report, and the refusal is recorded."""
    answer = _raw_push(agent, pack)
    assert answer.status == 200
    assert code in answer.body
    assert git_rig.refusals(agent.workflow) == [code.decode()]
    lands(git_rig, agent)


def test_a_pack_without_the_objects_that_it_names(git_rig: GitRig, agent: GitAgent) -> None:
    """A ref that would point to a commit that nobody has cannot be described, and is refused as that."""
    made = subprocess.run(
        ["git", "--git-dir", str(git_rig.shop), "pack-objects", "--stdout"],
        input=b"",
        capture_output=True,
        check=True,
    ).stdout
    answer = _raw_push(agent, made)
    assert b"push.head_missing" in answer.body
    assert git_rig.refusals(agent.workflow) == ["push.head_missing"]


def test_objects_that_git_refuses(git_rig: GitRig, agent: GitAgent) -> None:
    """A tree with an entry `..` never gets in, whatever the sender's own git thinks of it."""
    clone = agent.clone()
    blob = clone.git("hash-object", "-w", "README.md").out.strip()
    tree = git(
        clone.folder,
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--literally",
        "--stdin",
        given=b"100644 ..\0" + bytes.fromhex(blob),
    )
    commit = clone.git("commit-tree", tree.out.strip(), "-p", "HEAD", "-m", "A change").out.strip()
    ran = clone.push(f"{commit}:{clone.branch}", ok=False)
    assert "[push.pack_invalid]" in ran.out
    assert clone.branch not in git_rig.refs()
    lands(git_rig, agent)


def test_a_push_that_stops_half_way(git_rig: GitRig, agent: GitAgent) -> None:
    """An agent that leaves in the middle of its pack leaves nothing behind, and has its outcome."""
    connection = agent.agent.connect()
    head = (
        b"POST /forge/git/acme/shop.git/git-receive-pack HTTP/1.1\r\nHost: proxy\r\n"
        b"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 100000\r\n\r\n"
    )
    line = f"{'0' * 40} {'1' * 40} refs/heads/agent/{agent.workflow}/raw".encode() + b"\0 " + CAPABILITIES
    connection.sendall(head + packet(line) + FLUSH + b"PACK\0\0\0\2")
    pushes = git_rig.home / "git" / "pushes"
    until(lambda: any(pushes.iterdir()))
    connection.close()
    [decision] = git_rig.decisions(agent.workflow)
    assert git_rig.outcome(decision.id).result == "client_gone"
    until(lambda: not any(pushes.iterdir()))
    lands(git_rig, agent)


def test_checks_that_are_away(git_rig: GitRig, agent: GitAgent) -> None:
    """Nobody to describe the change: it is refused, not passed on."""
    stop(git_rig.checks)
    try:
        refused(git_rig, good(agent), "push.checks_unavailable")
    finally:
        git_rig.checks = git_rig.start_checks()
    lands(git_rig, agent)


def test_checks_that_babble(git_rig: GitRig, agent: GitAgent, fake_checks: FakeChecks) -> None:
    """Facts of another shape are no facts; what the checks cannot describe is refused in their words."""
    fake_checks.describe = lambda _: (200, b'{"files": []}')
    refused(git_rig, good(agent), "push.checks_failed")
    fake_checks.describe = lambda _: (500, b"oops")
    refused(git_rig, good(agent), "push.checks_failed")
    problem = {"code": "too_slow", "message": "It takes too long.", "remedy": "Make it smaller."}
    fake_checks.describe = lambda _: (422, json.dumps(problem).encode())
    refused(git_rig, good(agent), "push.too_slow")
    assert git_rig.refusals(agent.workflow) == ["push.checks_failed", "push.checks_failed", "push.too_slow"]


def test_a_route_that_demands_evidence_gathers_it_inside_the_push(
    git_rig: GitRig, agent: GitAgent, fake_checks: FakeChecks
) -> None:
    """Progress is shown as it comes; evidence that passed lets the push through."""
    fake_checks.evidence = [
        b'{"progress": "running 12 tests"}',
        b'{"evidence": {"semgrep": "passed", "tests": "passed"}, "findings": [], "statements": []}',
    ]
    clone = good(agent, "demanding")
    ran = clone.push()
    assert "remote: doorless: running 12 tests" in ran.out
    assert [path for path, _ in fake_checks.asked] == ["describe", "evidence"]
    asked = fake_checks.asked[1][1]
    assert asked["kinds"] == ["semgrep", "tests"]
    assert asked["head"] == git_rig.refs()[clone.branch]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("failed", "change.evidence_failed"),
        ("absent", "change.evidence_missing"),
        ("could_not_run", "change.evidence_could_not_run"),
    ],
)
def test_evidence_that_did_not_pass_stops_the_push(
    git_rig: GitRig, agent: GitAgent, fake_checks: FakeChecks, state: str, code: str
) -> None:
    """Each way of not passing is refused with a code of its own."""
    fake_checks.evidence = [json.dumps({"evidence": {"semgrep": "passed", "tests": state}}).encode()]
    refused(git_rig, good(agent, "demanding"), code)


def test_evidence_that_breaks_off_stops_the_push(
    git_rig: GitRig, agent: GitAgent, fake_checks: FakeChecks
) -> None:
    """Checks that end without a result gave none."""
    fake_checks.evidence = [b'{"progress": "running"}']
    refused(git_rig, good(agent, "demanding"), "push.checks_failed")


def test_a_workflow_that_ends_takes_its_push_along(
    git_rig: GitRig, agent: GitAgent, fake_checks: FakeChecks
) -> None:
    """A workflow that is revoked while its push is described publishes nothing, and nothing of the push stays."""
    clone = good(agent)
    fake_checks.patience.clear()
    ran: list[Ran] = []
    pushing = threading.Thread(target=lambda: ran.append(clone.push(ok=False)))
    pushing.start()
    until(lambda: fake_checks.asked)
    git_rig.admin.delete(f"/channels/{agent.workflow}")
    pushing.join()
    fake_checks.patience.set()
    assert ran[0].code != 0
    assert clone.branch not in git_rig.refs()
    assert git_rig.changes(agent.workflow) == []
    until(lambda: not any((git_rig.home / "git" / "pushes").iterdir()))
    push = git_rig.decisions(agent.workflow)[-1]
    assert git_rig.outcome(push.id).result == "cut"


def test_a_full_disk_has_its_own_code(git_rig: GitRig, agent: GitAgent) -> None:
    """Where the quarantine cannot be written the push is refused as that, and the next one works."""
    pushes = git_rig.home / "git" / "pushes"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(pushes)], capture_output=True, check=False
    )
    assert mounted.returncode == 0, mounted.stderr
    try:
        clone = agent.clone()
        clone.commit({"data.bin": os.urandom(600_000)})
        refused(git_rig, clone, "push.disk_full")
    finally:
        subprocess.run(["umount", str(pushes)], check=True)
    lands(git_rig, agent)

"""`doorless approvals` as a person uses it: real processes against a real gateway."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.gateway.rig import REPOSITORY, Agent, Rig

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A gateway whose home the command finds."""
    rig = Rig(tmp_path_factory.mktemp("home"))
    try:
        (rig.home / "doorless.yaml").write_text("{}\n")
        (rig.policies / "approvals.yaml").write_text(
            f"templates: {{irreversible: {{approvers: [{ME}], expires_in_s: 600}}}}\n"
        )
        assert rig.admin.post("/policy/reload").status_code == 200
        yield rig
    finally:
        rig.close()


def approvals(rig: Rig, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    command = [sys.executable, "-m", "doorless", "approvals", *words, "--home", str(rig.home)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=60)


def hold_of(agent: Agent, name: str) -> str:
    """A held call."""
    return agent.request("DELETE", f"/notes/notes/{name}").headers["x-doorless-hold"]


def test_a_person_lists_shows_and_approves(rig: Rig) -> None:
    """What is shown is what we computed; after the yes the agent's call goes through."""
    agent = rig.agent()
    hold = hold_of(agent, "7")
    listed = approvals(rig, "list")
    assert hold in listed.stdout
    (waiting,) = json.loads(approvals(rig, "list", "--json").stdout)["holds"]
    assert (waiting["hold"], waiting["target"]) == (hold, "DELETE /notes/7")
    shown = approvals(rig, "show", hold).stdout
    assert "DELETE /notes/7" in shown
    assert waiting["digest"] in shown.replace("\n", "").replace(" ", "")
    approved = approvals(rig, "approve", hold)
    assert approved.returncode == 0
    assert "is approved: DELETE /notes/7 on notes, once" in approved.stdout
    assert agent.request("DELETE", "/notes/notes/7").status == 200
    assert json.loads(approvals(rig, "show", hold, "--json").stdout)["state"] == "used"


def test_a_word_that_does_not_count_is_exit_code_1_and_says_why(rig: Rig) -> None:
    """For people in a sentence, for chat bots by the code in brackets."""
    again = approvals(rig, "approve", "h-" + "a" * 26)
    assert again.returncode == 1
    assert "[hold.unknown]" in again.stderr
    assert approvals(rig, "approve", "../channels").returncode == 1
    assert approvals(rig, "refuse", "h-" + "a" * 26).returncode == 2, "a no needs its reason"


def test_a_refusal_tells_the_agent_why(rig: Rig) -> None:
    """The reason that a person gave is what the agent reads."""
    agent = rig.agent()
    hold = hold_of(agent, "8")
    assert approvals(rig, "refuse", hold, "--reason", "not before Monday").returncode == 0
    assert "not before Monday" in agent.request("DELETE", "/notes/notes/8").json["detail"]


def test_an_approval_that_makes_the_call_says_what_became_of_it(rig: Rig) -> None:
    """Made at once, with its status and the decision under which it stands in the log."""
    agent = rig.agent()
    hold = agent.request("PUT", "/notes/notes/9/merge", b"{}").headers["x-doorless-hold"]
    said = approvals(rig, "approve", hold)
    assert "approved and made: PUT /notes/9/merge on notes: completed, status 200." in said.stdout


def test_what_is_opened_is_seen_at_once(rig: Rig) -> None:
    """`watch` shows what waits already and what comes, one line each."""
    agent = rig.agent()
    first = hold_of(agent, "10")
    command = [sys.executable, "-m", "doorless", "approvals", "watch", "--json", "--home", str(rig.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as watching:
        assert watching.stdout is not None
        try:
            assert json.loads(watching.stdout.readline())["hold"] == first
            second = hold_of(agent, "11")
            assert json.loads(watching.stdout.readline())["hold"] == second
        finally:
            watching.terminate()


def test_without_a_gateway_it_is_exit_code_3(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing runs there: the command says so instead of showing an empty list."""
    home = tmp_path_factory.mktemp("idle")
    (home / "doorless.yaml").write_text("{}\n")
    command = [sys.executable, "-m", "doorless", "approvals", "list", "--home", str(home)]
    assert subprocess.run(command, capture_output=True, check=False, cwd=REPOSITORY).returncode == 3


def test_a_grant_is_given_shown_and_taken_back(rig: Rig) -> None:
    """Recorded on both ends; for what cannot be undone it is refused with its reason."""
    words = ("grant", "--role", "writer", "--service", "notes", "--for", "2h", "--route")
    given = json.loads(approvals(rig, *words, "add", "--json").stdout)
    assert (given["by"], given["expires_at"] - given["at"]) == (ME, 7200)
    assert given["grant"] in approvals(rig, "grants").stdout
    assert approvals(rig, "revoke", given["grant"]).returncode == 0
    assert "No grant stands." in approvals(rig, "grants").stdout
    assert rig.event("grant.revoked").detail["grant"] == given["grant"]
    refused = approvals(rig, *words, "purge")
    assert refused.returncode == 1
    assert "[grant.irreversible]" in refused.stderr

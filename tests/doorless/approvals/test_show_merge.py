"""`doorless approvals show` of a merge as it really comes: git, forge and gateway are real, the jury's word stands in the log."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from audit.client import AuditClient
from tests.doorless.approvals.stories import jury_event
from tests.gateway.git.proposing import ProposalRig
from tests.gateway.git.test_merges import Proposed
from tests.gateway.rig import REPOSITORY


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProposalRig]:
    """A gateway before a forge, whose home the command finds."""
    rig = ProposalRig(tmp_path_factory.mktemp("home"))
    (rig.home / "doorless.yaml").write_text("{}\n")
    yield rig
    rig.close()


def test_a_merge_is_shown_with_its_change_and_what_the_jury_said_of_the_proposal(rig: ProposalRig) -> None:
    """Nothing of it was told by the agent: files and commits are git's, the votes are those on the pull request's own body.

    By the digest of the merge's body, which no jury ever saw, there were no votes.
    """
    proposed = Proposed(rig)
    (proposal,) = [
        entry
        for entry in rig.decisions(proposed.agent.workflow)
        if entry.input and (entry.kind, entry.input["action"]) == ("request", "create-pr")
    ]
    assert proposal.input is not None
    asyncio.run(judge(rig, proposal.input["body_sha256"]))
    hold = proposed.held()
    told = json.loads(show(rig, hold, "--json"))
    computed = told["computed"]
    assert computed["missing"] == []
    assert (computed["change"]["action"], computed["change"]["head"]) == ("merge", proposed.head)
    assert computed["change"]["decision"] == told["change"]
    assert [file["change"] for file in computed["change"]["files"]] == ["add"]
    assert computed["change"]["evidence"]["tests"] == "passed"
    assert (computed["jury"]["about"], len(computed["jury"]["votes"])) == ("proposal", 2)
    assert computed["on_approval"]["credential"] == "forge-people"
    page = show(rig, hold)
    for said in (
        "makes the call, at once and once",
        "the credential forge-people",
        proposed.head,
        "veto, 91 % sure",
    ):
        assert said in page, said
    assert page.index("veto, 91 % sure") < page.index("WRITTEN BY THE AGENT")


async def judge(rig: ProposalRig, digest: str) -> None:
    """Let a jury have spoken of this body."""
    client = await AuditClient.connect(rig.run / "audit.sock")
    try:
        await client.append(await jury_event(client, digest))
    finally:
        await client.close()


def show(rig: ProposalRig, *words: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "doorless", "approvals", "show", *words, "--home", str(rig.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout

"""`doorless approvals show`: what we computed comes first and whole; the agent's words come last, and cannot pretend."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from doorless.approvals.page import MARK, page_of
from tests.doorless.approvals.stories import FORGED, ME, StoryRig
from tests.gateway.rig import REPOSITORY

AGENT = "WRITTEN BY THE AGENT, CHECKED BY NOBODY"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryRig]:
    """A gateway with one hold that has a whole story."""
    rig = StoryRig(tmp_path_factory.mktemp("home"))
    (rig.home / "doorless.yaml").write_text("{}\n")
    yield rig
    rig.close()


@pytest.fixture(scope="module")
def document(rig: StoryRig) -> dict[str, Any]:
    """What it says to programs."""
    told: dict[str, Any] = json.loads(show(rig, "--json"))
    return told


def show(rig: StoryRig, *words: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "doorless", "approvals", "show", rig.story.opened.hold, *words]
    done = subprocess.run(
        [*command, "--home", str(rig.home)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def page(document: dict[str, Any], width: int) -> str:
    """The page in a terminal of this width, as plain text."""
    console = Console(width=width, force_terminal=False, no_color=True)
    with console.capture() as captured:
        console.print(page_of(document, width))
    return captured.get()


def test_what_we_computed_stands_before_what_the_agent_wrote(rig: StoryRig) -> None:
    """Call, approvers, policy's reasons, the change as git has it, findings, evidence and votes; then the heading, then the words."""
    ours, heading, theirs = show(rig).partition(AGENT)
    assert heading
    for said in (
        "POST /notes on notes, route add",
        f"{ME}, bob",
        "2, and 0 said yes so far",
        "lets the agent repeat the call, once",
        "the credential workflow-jwt",
        "request.output_undecided",
        "rule request.rules.output_undecided",
        "main at " + "1" * 40,
        "2" * 40,
        "tests/conftest.py (tests, runs-in-checks)",
        "aws-key in lib/App.py:9",
        "error lib/App.py:4 python.eval: eval of \\x1b[1mwhat was sent",
        "veto, 91 % sure (acme, r-1)",
        'It runs what it is sent: "eval(\\x1b[5m)"',
        "no_verdict, 0 % sure, timeout (zeta, b-2)",
    ):
        assert said in ours, said
    assert "Fix the" not in ours
    assert "It is safe." in theirs


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_agents_words_cannot_look_like_ours(document: dict[str, Any], width: int) -> None:
    """Each of their lines bears a mark, and none is so long that a terminal breaks it.

    With lines as long as they came, what stood behind 400 blanks began at the left edge, and looked like ours.
    """
    shown = page(document, width)
    theirs = shown.partition(AGENT)[2].splitlines()[2 + (width < 84) :]
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert all(len(line) <= min(width, 80) for line in theirs)
    words = [line for line in theirs if not line.startswith("  ") or line.startswith(MARK)]
    assert all(line.startswith(MARK) for line in words)
    assert FORGED.split()[-1] in " ".join(words)


def test_a_name_that_the_agent_chose_cannot_look_like_ours_either(document: dict[str, Any]) -> None:
    """The names of fields are the agent's as well: without a mark before them one said that the hold was approved."""
    parts = [{"name": "state        approved by ada" + "\\x1b" * 40, "lines": ["x"], "left_out": 0}]
    shown = page({**document, "unchecked": {**document["unchecked"], "parts": parts}}, 80)
    theirs = shown.partition(AGENT)[2].splitlines()[3:]
    assert theirs
    assert all(line.startswith(MARK) and len(line) <= 80 for line in theirs)


def test_programs_are_told_the_same(rig: StoryRig, document: dict[str, Any]) -> None:
    """The hold's own fields at the top, what was computed below `computed`, the agent's words below `unchecked`, last."""
    assert document["hold"] == rig.story.opened.hold
    assert list(document)[-2:] == ["computed", "unchecked"]
    computed = document["computed"]
    assert computed["missing"] == []
    assert computed["change"]["decision"] == rig.story.change == document["change"]
    assert computed["change"]["protected"] == {"tests/conftest.py": ["tests", "runs-in-checks"]}
    assert [vote["verdict"] for vote in computed["jury"]["votes"]] == ["veto", "no_verdict"]
    assert computed["on_approval"]["credential"] == "workflow-jwt"
    parts = {part["name"]: part["lines"] for part in document["unchecked"]["parts"]}
    assert parts["title"] == ["Fix the \\x1b[31mcrash\\u202e in totals"]


def test_a_hold_without_a_story_is_told_as_far_as_it_goes(document: dict[str, Any]) -> None:
    """What the log no longer tells is named: nothing that is missing looks like nothing found."""
    bare = {
        **document,
        "unchecked": None,
        "computed": {
            **document["computed"],
            "call": None,
            "reasons": [],
            "change": None,
            "jury": None,
            "missing": ["the decision on the change: the log no longer tells it"],
        },
    }
    shown = page(bare, 80)
    assert "the log no longer tells it" in shown
    assert document["why"] in " ".join(shown.split())
    assert "Its body is not kept" in shown

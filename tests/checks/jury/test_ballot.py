"""What of a juror's text counts: one object of the exact form, with quotes that stand in the evidence."""

import json
from typing import Any

import pytest

from checks.jury.ballot import read_vote
from checks.jury.model import NoReply, Reply
from decision.jury import Vote

EVIDENCE = "line one of the change\nos.system(command)  # runs it\nthe last line"


def read(text: str) -> Vote:
    """The vote that a text is."""
    return read_vote("one", Reply(text, 1, 1), EVIDENCE)


def ballot(verdict: Any, confidence: Any = 0.9, *quotes: str, **more: Any) -> str:
    """A ballot as JSON."""
    findings = [{"title": "wrong", "quote": quote} for quote in quotes]
    return json.dumps({"verdict": verdict, "confidence": confidence, "findings": findings, **more})


def test_a_pass_and_a_proven_veto_count() -> None:
    """Bare, or within one code fence, as models like to write."""
    assert read(ballot("pass", 0.93)) == Vote(juror="one", verdict="pass", confidence=93)
    found = read(f"```json\n{ballot('veto', 1, 'os.system(command)', 'not there at all')}\n```\n")
    assert (found.verdict, found.confidence) == ("veto", 100)
    assert [finding.quote for finding in found.findings] == ["os.system(command)"]


@pytest.mark.parametrize(
    ("said", "percent"), [(0.8, 80), (0.801, 80), (0.29, 29), (0.999, 99), (0, 0), (1, 100)]
)
def test_confidence_is_rounded_down_to_whole_percent(said: float, percent: int) -> None:
    """Rounding up made 0.801 of 0.8 and 0.8 of more than 0.8."""
    assert read(ballot("pass", said)).confidence == percent


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unreadable"),
        ("It passes.", "unreadable"),
        (f"Here it is: {ballot('pass')}", "unreadable"),
        (f"{ballot('pass')}\n{ballot('veto')}", "unreadable"),
        (f"[{ballot('pass')}]", "unreadable"),
        ('{"urteil": "bestanden", "sicherheit": 0.9}', "unreadable"),
        (ballot("bestanden"), "unreadable"),
        (ballot("PASS"), "unreadable"),
        (ballot("pass", 7), "unreadable"),
        (ballot("pass", -0.1), "unreadable"),
        (ballot("pass", "0.9"), "unreadable"),
        (ballot("pass", None), "unreadable"),
        (ballot("pass", float("nan")), "unreadable"),
        (ballot("pass", approved=True), "unreadable"),
        ('{"verdict": "veto", "verdict": "pass", "confidence": 0.9}', "unreadable"),
        ("[" * 100_000, "unreadable"),
        (ballot("no_verdict"), "undecided"),
        (ballot("pass", 0.9, "os.system(command)"), "contradicts_itself"),
        (ballot("veto"), "no_quote"),
        (ballot("veto", 0.9, "", "  "), "no_quote"),
        (ballot("veto", 0.9, "os.system(other)"), "quote_not_found"),
        (ballot("veto", 0.9, "OS.SYSTEM(command)"), "quote_not_found"),
        (ballot("veto", 0.9, "line"), "quote_not_found"),
    ],
)
def test_everything_else_is_no_verdict(text: str, why: str) -> None:
    """Neither a pass nor a veto comes of a text that is not exactly one."""
    assert read(text[:200_000]) == Vote(juror="one", verdict="no_verdict", confidence=0, why=why)  # type: ignore[arg-type]


def test_a_juror_that_says_nothing_has_no_verdict() -> None:
    """Why it said nothing is kept."""
    assert read_vote("one", NoReply("timeout"), EVIDENCE).why == "timeout"

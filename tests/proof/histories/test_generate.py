"""Made-up histories: real entries, the same each time, that say what the shipped policy says."""

import itertools
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest

from audit.entry import (
    DecisionEntry,
    Entry,
    EventEntry,
    OutcomeEntry,
    decode,
    document_digest,
    encode,
    entry_id,
)
from decision.config import load_policies
from decision.opa_binary import find_opa
from decision.question import ChangeQuestion, RequestQuestion
from proof.histories.demo import demo_story
from proof.histories.generate import generate
from proof.histories.model import DAY_MS, Fault, Kind, Story
from tests.policies.asking import POLICIES, Policy

BEGIN = 1_760_054_400_000
LATE = BEGIN + 6 * DAY_MS
END = BEGIN + 8 * DAY_MS


@pytest.fixture(scope="module")
def quiet() -> list[Entry]:
    """Eight days in which nothing is wrong."""
    return generate(Story(5, BEGIN, 8))


def made(kind: Kind, role: str, size: float) -> list[Entry]:
    """The same days with one fault in the last two."""
    return generate(Story(5, BEGIN, 8, (Fault(kind, role, size, LATE, END),)))


def late_requests(entries: list[Entry], role: str) -> list[DecisionEntry]:
    return [
        one
        for one in entries
        if isinstance(one, DecisionEntry) and one.kind == "request" and one.role == role and one.time >= LATE
    ]


def test_entries_can_stand_in_a_log_and_are_in_order(quiet: list[Entry]) -> None:
    """Canonical bytes, times that never fall, and each outcome after the one decision that it belongs to."""
    decided: set[str] = set()
    for entry, after in itertools.pairwise(quiet):
        assert decode(encode(entry)) == entry
        assert entry.time <= after.time
        if isinstance(entry, DecisionEntry):
            decided.add(entry.id)
            assert entry.input is not None
            assert document_digest(entry.input) == entry.input_sha256
        elif isinstance(entry, OutcomeEntry):
            decided.remove(entry_id(entry))


def test_a_story_is_the_same_each_time() -> None:
    """Byte for byte; another seed is another history."""
    once, again, other = (generate(Story(seed, BEGIN, 2)) for seed in (1, 1, 2))
    assert list(map(encode, once)) == list(map(encode, again))
    assert list(map(encode, once)) != list(map(encode, other))


def test_days_have_nights_and_weeks_have_ends(quiet: list[Entry]) -> None:
    """The tracker works more at noon than at night, and on workdays more than on Sundays."""
    calls = [one for one in quiet if isinstance(one, DecisionEntry) and one.role == "crash-tracker"]
    hours = [one.time % DAY_MS // 3_600_000 for one in calls]
    assert sum(9 <= hour < 17 for hour in hours) > 1.5 * sum(hour < 8 for hour in hours)
    by_day = [sum(one.time // DAY_MS == BEGIN // DAY_MS + day for one in calls) for day in range(8)]
    assert max(by_day[1:3]) < max(by_day[3:8])  # the second and third day are a weekend


def _times(entries: list[Entry], role: str) -> float:
    names = {one.id for one in late_requests(entries, role)}
    return median(one.ms for one in entries if isinstance(one, OutcomeEntry) and one.decision in names)


def _sent(entries: list[Entry], role: str) -> int:
    names = {one.id for one in late_requests(entries, role)}
    return sum(one.bytes_in for one in entries if isinstance(one, OutcomeEntry) and one.decision in names)


def _refused(entries: list[Entry], role: str) -> int:
    return sum(one.decision == "deny" for one in late_requests(entries, role))


def _calls(entries: list[Entry], role: str) -> int:
    return len(late_requests(entries, role))


def _accuracy(entries: list[Entry], role: str) -> float:
    stated = [
        int(one.detail["accuracy_bp"])
        for one in entries
        if isinstance(one, EventEntry) and "accuracy_bp" in one.detail and one.time >= LATE
    ]
    assert role == "telemetry-analyzer"
    return 10_000 - sum(stated) / len(stated)


def _reports_refused(entries: list[Entry], role: str) -> int:
    return sum(
        isinstance(one, EventEntry) and one.event == "report.refused" and one.detail["role"] == role
        for one in entries
    )


def _changes_failed(entries: list[Entry], role: str) -> int:
    return sum(
        isinstance(one, DecisionEntry)
        and one.kind == "change"
        and one.decision == "deny"
        and one.role == role
        for one in entries
    )


def _juries_split(entries: list[Entry], role: str) -> int:
    assert not role
    return sum(
        isinstance(one, EventEntry) and one.event == "jury.decided" and one.detail["state"] != "passed"
        for one in entries
    )


@dataclass(frozen=True)
class Shown:
    """A fault, the figure that shows it, and how much more that is at least: factor, then summand."""

    kind: Kind
    role: str
    size: float
    figure: Callable[[list[Entry], str], float]
    factor: float = 1.0
    more: float = 0.0


@pytest.mark.parametrize(
    "shown",
    [
        Shown("slowdown", "crash-tracker", 3.0, _times, factor=2.0),
        Shown("volume", "telemetry-analyzer", 10.0, _sent, factor=4.0),
        Shown("volume", "crash-tracker", 3.0, _sent, more=100_000),
        Shown("denials", "pr-creator", 40.0, _refused, more=39),
        Shown("sequence", "telemetry-analyzer", 3.0, _calls, more=41),
        Shown("destination", "crash-tracker", 5.0, _calls, more=6),
        Shown("accuracy", "telemetry-analyzer", 15.0, _accuracy, more=800),
        Shown("schema", "crash-tracker", 50.0, _reports_refused, more=5),
        Shown("checks", "pr-creator", 90.0, _changes_failed, more=2),
        Shown("jury", "", 90.0, _juries_split, more=2),
    ],
    ids=lambda shown: f"{shown.kind}-{shown.role}",
)
def test_a_fault_is_in_the_entries(quiet: list[Entry], shown: Shown) -> None:
    """What a label says is there: its figure is well above that of the same days without it."""
    with_it = shown.figure(made(shown.kind, shown.role, shown.size), shown.role)
    assert with_it >= shown.factor * shown.figure(quiet, shown.role) + shown.more


def test_the_demo_needs_days_before_its_troubles() -> None:
    """Three days would have nothing to be held against."""
    assert demo_story(END, 4, 1).begin_ms == END - 4 * DAY_MS
    with pytest.raises(ValueError, match="3 days"):
        demo_story(END, 3, 1)


def test_the_shipped_policy_answers_as_recorded() -> None:
    """Each kind of call, by role, route and code, asked of the real OPA: the same decision with the same codes.

    Otherwise a replay of such a history would find mismatches.
    """
    faults = tuple(
        Fault(kind, role, 5.0, LATE, END)
        for role in ("crash-tracker", "telemetry-analyzer", "pr-creator", "juror")
        for kind in ("denials", "destination")
    )
    sorts: dict[tuple[Any, ...], DecisionEntry] = {}
    for one in generate(Story(6, BEGIN, 8, (*faults, Fault("schema", "pr-creator", 50.0, LATE, END)))):
        if isinstance(one, DecisionEntry) and one.kind == "request" and one.source == "policy":
            assert one.input is not None
            sorts[
                one.role, one.input["service"], one.input["route"], one.reasons[0].code if one.reasons else ""
            ] = one
    assert len(sorts) >= 20
    policy = Policy(find_opa(os.environ), load_policies(POLICIES).compiled)
    questions = [msgspec.convert(one.input, RequestQuestion) for one in sorts.values()]
    for sort, entry, answer in zip(sorts, sorts.values(), policy.calls(questions), strict=True):
        assert type(answer).__name__.lower() == entry.decision, (sort, answer)
        if entry.decision == "deny":
            assert {reason.code for reason in answer.reasons} >= {entry.reasons[0].code}, (sort, answer)


def test_the_shipped_policy_answers_changes_as_recorded(tmp_path: Path) -> None:
    """A pushed change that passed its checks and one that did not, asked of the real OPA."""
    changes = [
        one
        for one in made("checks", "pr-creator", 50.0)
        if isinstance(one, DecisionEntry) and one.kind == "change"
    ]
    both = [next(one for one in changes if one.decision == said) for said in ("allow", "deny")]
    compiled = load_policies(POLICIES).compiled
    (tmp_path / "input.json").write_text(
        json.dumps({"asked": [one.input for one in both], "compiled": compiled})
    )
    query = (
        "tables := input.compiled; given := input.asked; "
        "found := [x | some asked in given; x := data.change.decision with input as asked with data.compiled as tables]"
    )
    options = ["--ignore", "*_test.rego", "--format", "json", "--input", str(tmp_path / "input.json")]
    argv = [str(find_opa(os.environ)), "eval", "--data", str(POLICIES), *options, query]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)["result"][0]["bindings"]["found"]
    for entry, answer in zip(both, answers, strict=True):
        assert msgspec.convert(entry.input, ChangeQuestion)
        assert [reason["code"] for reason in answer["reasons"]] == [
            reason.code for reason in entry.reasons
        ], answer

"""The narrowest role that would have allowed what a role did: counted from entries, proven to be no wider."""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from authoring.recorded import Apart, Kind, Recorded
from authoring.said import Said
from authoring.suggest.report import document, markdown, text
from authoring.suggest.suggest import CannotSuggest, Suggestion, suggest
from authoring.suggest.use import Ended, Use, Used, used_by
from decision.config import Configuration, load_policies
from decision.narrowing import grants_subset

SERVICES = """
services:
  notes:
    upstream: https://notes.example
    routes:
      show: {method: GET, path: "/notes/{id}", action: read, data: notes}
      owner: {method: GET, path: "/notes/{id}/owner", action: read, data: persons}
      add: {method: POST, path: /notes, action: write, data: notes}
      ping: {method: GET, path: /ping, action: ping}
  series:
    upstream: https://series.example
    routes:
      show: {method: GET, path: /series, action: read, data: points}
      add: {method: POST, path: /series, action: write, data: points}
      propose: {method: POST, path: /pulls, action: create-pr}
"""
ROLES = """# Who may do what.
roles:
  worker:
    services: [notes, series]   # both
    actions: [read, write, ping, create-pr]
    data: [notes, persons, points]
    limits: { max_requests_per_min: 30, max_diff_lines: 500, max_body_bytes: 1000 }
  people: { agent: false }
  meta-workflow: { services: [series], actions: [read], data: [points] }
"""
DAY = 86_400_000


def configuration(folder: Path, roles: str = ROLES) -> Configuration:
    """The policies of this test."""
    (folder / "services.yaml").write_text(SERVICES)
    (folder / "roles.yaml").write_text(roles)
    return load_policies(folder)


class Story:
    """Entries of one role, in the log's order."""

    def __init__(self) -> None:
        self.entries: list[Recorded | Apart | Ended] = []
        self.time = 1_763_890_000_000

    def call(self, use: Use, *, size: int = 10, ended: str = "completed", decision: Any = "allow") -> None:
        """A request."""
        self.entry("request", {**use._asdict(), "body_bytes": size}, decision)
        if decision == "allow" and ended:
            self.entries.append(Ended(len(self.entries), self.entries[-1].id, ended == "completed"))

    def entry(self, kind: Kind, shown: dict[str, Any], decision: Any = "allow") -> None:
        """Any decision."""
        seq = len(self.entries)
        self.time += 1000
        said = Said(decision, (), None)
        encoded = json.dumps(shown).encode()
        self.entries.append(Recorded(seq, f"d-{seq}", self.time, kind, "wf-x", "worker", "", encoded, said))

    def suggested(self, of: Configuration) -> Suggestion:
        """What is suggested of it."""
        return suggest(of, used_by("worker", self.entries))


READ = Use("notes", "read", "notes")
WRITE = Use("series", "write", "points")


def test_what_was_not_used_goes(tmp_path: Path) -> None:
    """Services, actions and data that no allowed call had; counts stand beside what stays, comments stay."""
    story = Story()
    for _ in range(3):
        story.call(READ)
    story.call(READ, ended="cut")
    story.call(WRITE, decision="deny")
    found = story.suggested(configuration(tmp_path))
    role = yaml.safe_load(found.new_text)["roles"]["worker"]
    assert (role["services"], role["actions"], role["data"]) == (["notes"], ["read"], ["notes"])
    assert "services: [notes]   # both" in found.new_text
    assert [(each.word, each.allowed, each.completed) for each in found.kept] == [("read:notes", 4, 3)]
    assert {(each.service, each.word) for each in found.removed} == {
        ("notes", "read:persons"),
        ("notes", "write:notes"),
        ("notes", "ping"),
        ("series", "read:points"),
        ("series", "write:points"),
        ("series", "create-pr"),
    }
    assert found.narrower
    assert found.decisions == 5


def test_what_the_form_of_roles_cannot_take_away_is_named(tmp_path: Path) -> None:
    """Reading one and writing the other leaves a product that holds more than was used."""
    story = Story()
    story.call(READ)
    story.call(WRITE)
    found = story.suggested(configuration(tmp_path))
    assert {(each.service, each.word) for each in found.unused} == {
        ("notes", "write:notes"),
        ("series", "read:points"),
    }
    assert "Never used, and still granted" in text(found)


def test_limits_are_lowered_with_a_margin_and_never_made(tmp_path: Path) -> None:
    """Once and a half the most that was seen, attempts that were denied too; what was not seen stays."""
    story = Story()
    for number in range(8):
        story.call(READ, size=100 + number, decision="deny" if number == 7 else "allow")
    found = story.suggested(configuration(tmp_path))
    assert {each.name: (each.old, each.new, each.seen) for each in found.lowered} == {
        "max_requests_per_min": (30, 12, 8),
        "max_body_bytes": (1000, 159, 106),
    }
    limits = yaml.safe_load(found.new_text)["roles"]["worker"]["limits"]
    assert limits == {"max_requests_per_min": 12, "max_diff_lines": 500, "max_body_bytes": 159}


def test_a_limit_stays_whose_most_is_not_known(tmp_path: Path) -> None:
    """A body whose length was not announced could have been of any size."""
    story = Story()
    story.call(READ, size=-1)
    found = story.suggested(configuration(tmp_path))
    assert "max_body_bytes" not in {each.name for each in found.lowered}
    assert any("did not announce" in warning for warning in found.warnings)


def test_changes_count_and_checks_keep_what_they_need(tmp_path: Path) -> None:
    """A change is a use with files and lines; a check that passed needs an action that proposes."""
    story = Story()
    story.call(READ)
    story.entry("change", {"action": "check", "service": "", "data": ""})
    totals = {"totals": {"files": 2, "lines": 40}}
    story.entry("change", {"action": "write", "service": "series", "data": "points", "facts": totals})
    found = story.suggested(configuration(tmp_path))
    actions = yaml.safe_load(found.new_text)["roles"]["worker"]["actions"]
    assert actions == ["read", "write", "create-pr"]
    assert ("max_diff_lines", 500, 60, 40) in {(e.name, e.old, e.new, e.seen) for e in found.lowered}


def test_what_workflows_are_started_with_by_name_stays(tmp_path: Path) -> None:
    """Else `--only` would ask for more than the role has, and nothing would start."""
    story = Story()
    story.call(READ)
    story.entry("token", {"only": ["ping"]})
    found = story.suggested(configuration(tmp_path))
    assert yaml.safe_load(found.new_text)["roles"]["worker"]["actions"] == ["read", "ping"]


def test_a_log_that_shows_nothing_suggests_nothing(tmp_path: Path) -> None:
    """No use is no proof that nothing is needed: the role stays, and the answer says so."""
    found = Story().suggested(configuration(tmp_path))
    assert (found.diff, found.narrower) == ("", False)
    assert found.new_text == ROLES
    assert "Nothing that the role grants was used" in text(found)


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    """A short window, few calls, forgotten inputs, a call that never completed, one that is granted no more."""
    story = Story()
    story.call(READ, ended="")
    story.call(Use("notes", "purge", "notes"))
    story.entries.append(Apart(len(story.entries), "d-x", story.time + 1, "request", "worker", "input gone"))
    said = " ".join(story.suggested(configuration(tmp_path)).warnings)
    for part in (
        "0.0 days",
        "Only 2 allowed",
        "1 decisions could not",
        "never completed",
        "purge:notes on notes",
    ):
        assert part in said
    story.time += 30 * DAY
    for _ in range(200):
        story.call(READ)
    assert "Only" not in " ".join(story.suggested(configuration(tmp_path)).warnings)


def test_of_whom_nothing_can_be_suggested(tmp_path: Path) -> None:
    """A role that is not there, and one that is no agent's."""
    of = configuration(tmp_path)
    with pytest.raises(CannotSuggest, match="no role nobody"):
        suggest(of, Used("nobody"))
    with pytest.raises(CannotSuggest, match="no agent"):
        suggest(of, Used("people"))


def test_the_same_in_three_forms(tmp_path: Path) -> None:
    """Text, markdown and JSON hold the diff and the counts."""
    story = Story()
    story.call(READ)
    found = story.suggested(configuration(tmp_path))
    assert json.loads(json.dumps(document(found)))["kept"] == [
        {"service": "notes", "word": "read:notes", "allowed": 1, "completed": 1}
    ]
    assert "```diff\n--- a/policies/roles.yaml" in markdown(found)
    assert "\n--- a/policies/roles.yaml" in text(found)


USES = [
    *(
        Use(service, action, data)
        for service, action, data in [
            ("notes", "read", "notes"),
            ("notes", "read", "persons"),
            ("notes", "write", "notes"),
            ("notes", "ping", ""),
            ("series", "read", "points"),
            ("series", "write", "points"),
            ("series", "create-pr", ""),
            ("gone", "read", "points"),
        ]
    ),
]


@settings(max_examples=60, deadline=None)
@given(
    uses=st.lists(st.sampled_from(USES)),
    asked=st.sets(st.sampled_from(["ping", "read:points", "unheard"])),
    checks=st.integers(0, 1),
    rate=st.integers(0, 60),
)
def test_no_suggestion_is_wider_and_none_takes_what_was_used(
    uses: list[Use], asked: set[str], checks: int, rate: int
) -> None:
    """Whatever was used: proven narrower by the proof that the exception rests on, or the grants are the same."""
    used = Used("worker", checks=checks, allowed=Counter(uses), completed=Counter(uses), asked=Counter(asked))
    used.largest["max_requests_per_min"] = rate
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        before = configuration(Path(first))
        found = suggest(before, used)
        after = configuration(Path(second), found.new_text)
    same = before.compiled["grants"] == after.compiled["grants"]
    assert same is not found.narrower
    assert same or grants_subset(before.compiled, after.compiled, "meta-workflow")
    granted = before.compiled["grants"]["worker"]
    for use in uses:
        if use.word in granted.get(use.service, {}):
            assert use.word in after.compiled["grants"]["worker"][use.service]

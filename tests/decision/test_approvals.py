"""Tests of what `approvals.yaml` may say, and of what the shipped one says."""

from pathlib import Path

import pytest

from decision.config import load_policies
from decision.yaml_source import ConfigErrors
from tests.decision.configuration import load

SHIPPED = Path(__file__).parents[2] / "policies"


def _load(folder: Path, text: str) -> dict[str, object]:
    (folder / "approvals.yaml").write_text(text)
    found: dict[str, object] = load(folder).compiled["approvals"]
    return found


def test_a_template_becomes_a_table(tmp_path: Path) -> None:
    """Names become a table for lookups; what is not said has its default; the file is among a revision's sources."""
    text = "templates: {irreversible: {approvers: [ada, bob], needed: 2}}\n"
    assert _load(tmp_path, text) == {
        "irreversible": {"approvers": {"ada": True, "bob": True}, "needed": 2, "expires_in_s": 600}
    }
    assert load(tmp_path).sources["approvals.yaml"] == text.encode()


def test_who_started_a_workflow_may_be_left_out(tmp_path: Path) -> None:
    """A template says so; where it does not, the table has no word of it."""
    told = _load(tmp_path, "templates: {irreversible: {approvers: [ada], not_starter: true}}\n")
    assert told == {
        "irreversible": {"approvers": {"ada": True}, "needed": 1, "expires_in_s": 600, "not_starter": True}
    }


def test_without_the_file_nobody_can_approve(tmp_path: Path) -> None:
    """The table is there and empty: rules find no terms, and the gateway makes denials of holds."""
    assert load(tmp_path).compiled["approvals"] == {}


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("{approvers: [ada, ada]}", "named twice"),
        ("{approvers: [ada], needed: 2}", "2 persons are needed, and 1 are named"),
        ("{approvers: [ada], needed: 0}", "greater than or equal to 1"),
        ("{approvers: [ada], expires_in_s: 86401}", "86400"),
        ("{approvers: ['ada and bob']}", "must match"),
        ("{approvers: ada}", "a list"),
        ("{aprovers: [ada]}", "unknown key"),
    ],
)
def test_terms_that_nobody_could_mean_are_refused(tmp_path: Path, terms: str, why: str) -> None:
    """Each is named with its place; the policy before it stays in force."""
    with pytest.raises(ConfigErrors, match=why):
        _load(tmp_path, f"templates: {{irreversible: {terms}}}\n")


def test_the_shipped_file_names_nobody() -> None:
    """Who may approve is for the one who makes a home to say."""
    approvals = load_policies(SHIPPED).compiled["approvals"]
    assert {"irreversible", "merge"} <= approvals.keys()
    assert [template["approvers"] for template in approvals.values()] == [{}] * len(approvals)

"""Tests of the table of reasons."""

from pathlib import Path
from typing import Any

import pytest

from decision.gates import annotations
from decision.reasons import BEGIN, END, reason_table, replace_table

_ROOT = Path(__file__).parents[2]


def test_the_page_is_current(opa: Path) -> None:
    """The table in docs/policies.md is what the rules' METADATA says now."""
    page = (_ROOT / "docs" / "policies.md").read_text()
    assert replace_table(page, reason_table(annotations(_ROOT / "policies", opa))) == page


def test_rows_are_sorted_and_vetoes_and_rules_without_a_code_are_left_out() -> None:
    """One row for each code, in the order of the codes, with the agent as reader where none is named."""
    annotated: list[dict[str, Any]] = [
        {
            "annotations": {
                "custom": {"code": "b.b", "message": "No b.", "remedy": "Do a.", "audience": "operator"}
            }
        },
        {"annotations": {"custom": {"code": "a.a", "message": "No a.", "remedy": "Do b."}}},
        {"annotations": {"title": "a grant"}},
        {
            "annotations": {"custom": {"code": "a.veto", "message": "No.", "remedy": "Do c."}},
            "path": [{"value": part} for part in ("data", "a", "vetoes", "veto", "deny")],
        },
    ]
    assert reason_table(annotated).splitlines()[2:] == [
        "| `a.a` | No a. | Do b. | agent |",
        "| `b.b` | No b. | Do a. | operator |",
    ]


def test_only_the_table_is_replaced() -> None:
    """What stands around the table stays; a page without a place for it is an error."""
    assert replace_table(f"x\n{BEGIN}\nold\n{END}\ny", r"new \1") == f"x\n{BEGIN}\nnew \\1\n{END}\ny"
    with pytest.raises(ValueError, match="no place"):
        replace_table("x", "new")

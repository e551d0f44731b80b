"""The threat model names tests; each of them must exist."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "threat-model.md"


def test_every_test_that_the_threat_model_names_exists() -> None:
    """A claim whose test is gone is no claim."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE.read_text())
    assert len(named) > 10
    missing = [f"{file}::{name}" for file, name in named if name not in _tests_of(TESTS / file)]
    assert missing == []


def test_every_row_of_the_threat_model_names_a_test_or_says_that_there_is_none() -> None:
    """A row cannot be left without either."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| **")]
    assert len(rows) > 8
    assert [row for row in rows if "::test_" not in row and "none yet" not in row] == []


def _tests_of(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

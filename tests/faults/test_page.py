"""The page of faults names tests; each of them must exist, and each test of a fault must be on the page."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "faults.md"
FAULTS = (
    "test_opa",
    "test_opa_answers",
    "test_audit",
    "test_issuer",
    "test_clock",
    "test_descriptors",
    "test_rotation",
)


def test_every_test_that_the_page_names_exists() -> None:
    """A row whose test is gone says nothing.

    Seen failing with one name changed on the page: that name was missing.
    """
    named = _named()
    assert len(named) > 15
    assert [f"{file}::{name}" for file, name in named if name not in _tests_of(HERE.parent / file)] == []


def test_every_row_names_a_test() -> None:
    """A fault without a test is a claim."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| **")]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


def test_every_fault_is_on_the_page() -> None:
    """A fault that is tested and not told is half the work."""
    tested = {(f"faults/{file}.py", name) for file in FAULTS for name in _tests_of(HERE / f"{file}.py")}
    assert tested - _named() == set()


def _named() -> set[tuple[str, str]]:
    return set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE.read_text()))


def _tests_of(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    nodes = ast.walk(ast.parse(file.read_text()))
    found = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if name.startswith("test_")}

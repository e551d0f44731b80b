"""What the pull-request creator does with a crash report: reads it with care, tries, and proposes only what it proved."""

import json
from pathlib import Path

import pytest

from tenants.agents.pr_creator.crash import Crash, NotAReportError, read
from tenants.agents.pr_creator.fixing import CannotFixError, mend
from tenants.agents.pr_creator.repair import candidates

SOURCE = 'def average(prices):\n    """Their mean."""\n    return sum(prices) / len(prices)\n'
TEST = (
    "import unittest\n\nfrom shop.stats import average\n\n\nclass T(unittest.TestCase):\n"
    "    def test_it(self):\n        self.assertEqual(average([2, 4]), {expected})\n"
)
CRASH = Crash("cr-1", "shop.stats", "average", ([],), "ZeroDivisionError: division by zero")


def clone_of(folder: Path, source: str = SOURCE, expected: int = 3) -> Path:
    """A work tree with one module and its test."""
    for name, text in {"shop/__init__.py": "", "shop/stats.py": source, "tests/test_it.py": TEST}.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace("{expected}", str(expected)))
    return folder


def test_a_crash_is_mended_where_it_can_be_proven(tmp_path: Path) -> None:
    """The call failed before and returns now, and the tests pass; nothing but the guard was added."""
    clone = clone_of(tmp_path)
    mend(clone, CRASH)
    guard = "    if not prices:\n        return 0\n"
    assert (clone / "shop/stats.py").read_text() == SOURCE.replace("    return sum", f"{guard}    return sum")


def test_what_cannot_be_reproduced_is_not_mended(tmp_path: Path) -> None:
    """A report of an error that the code does not show, as after a fix, proposes nothing."""
    clone = clone_of(tmp_path, "def average(prices):\n    return 0\n")
    with pytest.raises(CannotFixError, match="no error"):
        mend(clone, CRASH)


def test_a_fix_that_breaks_the_tests_is_none(tmp_path: Path) -> None:
    """The call would return, but the tests fail: the file is left as it was."""
    clone = clone_of(tmp_path, expected=99)
    with pytest.raises(CannotFixError, match="no change"):
        mend(clone, CRASH)
    assert (clone / "shop/stats.py").read_text() == SOURCE


def test_only_empty_arguments_lead_to_a_guard() -> None:
    """Two parameters, one empty: guards for that one; none for a function that is not there."""
    source = "def f(a, b):\n    return a / len(b)\n"
    found = list(candidates(source, "f", (1, [])))
    assert len(found) == 3
    assert all("if not b:" in each and "if not a:" not in each for each in found)
    assert list(candidates(source, "g", (1, []))) == []


@pytest.mark.parametrize(
    "told",
    [
        "x",
        "[]",
        "{}",
        json.dumps(
            {"report": "a", "module": "os; import sys", "function": "f", "arguments": [], "error": "e"}
        ),
        json.dumps({"report": "a", "module": "../x", "function": "f", "arguments": [], "error": "e"}),
        json.dumps({"report": "a\n", "module": "a", "function": "f", "arguments": [], "error": "e"}),
    ],
)
def test_a_task_that_is_no_report_is_refused(told: str) -> None:
    """Its names become an import and a path, so nothing else may stand in them."""
    with pytest.raises(NotAReportError):
        read(told)

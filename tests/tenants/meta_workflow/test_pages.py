"""Smaller pages: half of what is asked for at once, where the role still allows the calls."""

from pathlib import Path

import pytest

from tenants.agents.crash_tracker.limits import SHIPPED_LIMITS, load
from tenants.agents.meta_workflow.model import Observation
from tenants.agents.meta_workflow.pages import smaller_pages
from tenants.agents.meta_workflow.remedy import Remedy, Report
from tests.tenants.meta_workflow.findings import finding, written

FILE = "tenants/agents/crash_tracker/limits.yaml"
SLOW = finding("latency", "crash-tracker", subject="crash-reporting/list-reports")


def _calls(pages: int, others: int) -> list[Observation]:
    def call(seq: int, route: str) -> Observation:
        return Observation(
            seq, None, 0, "wf-a", "crash-tracker", "request", "allow", "policy",
            service="crash-reporting", route=route,
        )  # fmt: skip

    return [call(n, "list-reports") for n in range(pages)] + [call(n, "x") for n in range(others)]


def _clone(folder: Path, per_minute: int = 30) -> Path:
    roles = f"roles:\n  crash-tracker: {{limits: {{max_requests_per_min: {per_minute}}}}}\n"
    return written(folder, {FILE: SHIPPED_LIMITS.read_text(), "policies/roles.yaml": roles})


def test_the_limit_behind_the_slow_route_is_halved(tmp_path: Path) -> None:
    """The page alone changes, the file is one that the agent reads, and the calls are counted."""
    found = smaller_pages(_clone(tmp_path), SLOW, _calls(2, 4))
    assert isinstance(found, Remedy)
    assert found.files[FILE] == SHIPPED_LIMITS.read_text().replace("page: 200", "page: 100")
    assert found.results[0] == "calls of a run: 6 now, 8 then; the role may 30 a minute"
    written(tmp_path, found.files)
    assert load(tmp_path / FILE).page == 100


def test_more_calls_than_the_role_may_are_not_proposed(tmp_path: Path) -> None:
    """A limit of the role is never asked to be raised. (Without the comparison it proposes 8 calls of 7.)"""
    assert isinstance(smaller_pages(_clone(tmp_path, per_minute=7), SLOW, _calls(2, 4)), Report)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "page: 20",
        "routes: {list-reports: x}",
        "routes: {list-reports: page}\npage: 25",
        "[]",
        "a: [",
        "page: x\nroutes: {list-reports: page}",
    ],
)
def test_a_file_that_says_nothing_is_a_report(tmp_path: Path, text: str) -> None:
    """Missing, of another shape, or as small as it gets."""
    written(tmp_path, {FILE: text})
    assert isinstance(smaller_pages(tmp_path, SLOW, []), Report)
    assert isinstance(smaller_pages(tmp_path / "none", SLOW, []), Report)

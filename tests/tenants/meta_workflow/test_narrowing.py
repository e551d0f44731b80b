"""Stricter policy for one role: what the policy tools say decides what is proposed, and only tightening ever is."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenants.agents.calls import Proxy
from tenants.agents.meta_workflow.narrowing import ROLES_FILE, stricter
from tenants.agents.meta_workflow.remedy import Remedy, Report
from tests.tenants.meta_workflow.findings import finding, written

OLD, NEW = "roles: {a: {actions: [read, write]}}\n", "roles: {a: {actions: [read]}}\n"
NARROWER = {
    "narrower": True,
    "new_text": NEW,
    "removed": [{"service": "telemetry", "word": "write:telemetry"}],
    "lowered": [],
    "decisions": 40,
}
SAME = {"narrower": False, "new_text": OLD, "removed": [], "lowered": [], "decisions": 40}
TIGHTENED = {"verdict": "tightened", "proven": True, "markdown": "### Policies: tightened\n"}
REPLAYED: dict[str, Any] = {"flips": [], "flipped": 0, "reproduced": 40, "markdown": "### Replay\n"}


class FakeTools:
    """Policy tools that answer as told, and remember what they were asked."""

    def __init__(
        self,
        suggested: dict[str, Any],
        replayed: dict[str, Any],
        status: int = 200,
        differs: dict[str, Any] = TIGHTENED,
    ) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = {
            "/policy-tools/suggest": suggested,
            "/policy-tools/replay": replayed,
            "/policy-tools/difference": differs,
        }
        self._status = status

    def proxy(self) -> Proxy:
        """A way to them."""
        return Proxy(httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://proxy"))

    def _answer(self, request: httpx.Request) -> httpx.Response:

        self.asked.append((request.url.path, json.loads(request.content)))
        if self._status != 200:
            return httpx.Response(self._status, json={"code": "policy_tools.no_answer"})
        return httpx.Response(200, json=self._answers[request.url.path])


def _flip(role: str, after: str) -> dict[str, Any]:
    return {"what": "decision", "role": role, "before": "allow", "after": after, "count": 2}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository that keeps policies."""
    return written(tmp_path, {ROLES_FILE: OLD})


def test_the_role_becomes_what_it_used_before(clone: Path) -> None:
    """The days before the finding are looked at, the clone's own text is edited, and the replay stands beside it."""
    tools = FakeTools(NARROWER, REPLAYED)
    odd = finding("sequences")
    found = stricter(tools.proxy(), clone, odd)
    assert isinstance(found, Remedy)
    assert (found.kind, found.files) == ("role", {ROLES_FILE: NEW})
    (_, asked), (_, compared), (_, replayed) = tools.asked
    assert compared == {"old_roles": OLD, "roles": NEW}
    assert asked == {
        "role": odd.role,
        "roles": OLD,
        "since_ms": odd.baseline.from_ms,
        "until_ms": odd.window.from_ms,
    }
    assert replayed == {"roles": NEW, "role": odd.role}
    assert found.appendix == "### Policies: tightened\n\n### Replay\n"
    assert found.results[0].startswith(
        "tightened: of 40 recorded decisions that were made again, 0 would be refused"
    )


def test_a_first_use_that_no_narrower_role_stops_is_denied_by_a_rule(clone: Path) -> None:
    """Where suggest takes nothing away; the rule is replayed as if a person had let it in."""
    tools = FakeTools(SAME, {**REPLAYED, "flips": [_flip("crash-tracker", "deny")]})
    found = stricter(
        tools.proxy(), clone, finding("destinations", "crash-tracker", subject="crash-reporting/watch")
    )
    assert isinstance(found, Remedy)
    assert found.kind == "veto"
    assert "2 would be refused" in found.results[0]
    assert tools.asked[1][1]["rule"]["text"] == next(iter(found.files.values()))


@pytest.mark.parametrize(
    "flip",
    [_flip("telemetry-analyzer", "allow"), _flip("crash-tracker", "deny"), {"what": "decision"}, "no flip"],
    ids=["loosens", "another role", "unknown", "no document"],
)
def test_a_replay_that_does_more_than_tighten_ends_it(clone: Path, flip: Any) -> None:
    """One decision that becomes an allow, or one of another role: nothing is proposed. (Seen failing without the look.)"""
    tools = FakeTools(NARROWER, {**REPLAYED, "flips": [flip]})
    assert isinstance(stricter(tools.proxy(), clone, finding("sequences")), Report)


@pytest.mark.parametrize(
    "differs",
    [
        {"verdict": "both", "proven": True},
        {"verdict": "tightened", "proven": False},
        {"verdict": "equal"},
        {},
    ],
)
def test_what_is_not_proven_to_tighten_is_not_proposed(clone: Path, differs: dict[str, Any]) -> None:
    """A difference that loosens anywhere, or that was only searched for. (Seen failing without the look.)"""
    tools = FakeTools(NARROWER, REPLAYED, differs=differs)
    assert isinstance(stricter(tools.proxy(), clone, finding("sequences")), Report)


def test_nothing_to_take_away_is_a_report(clone: Path) -> None:
    """An odd sequence of what the role needs anyway."""
    assert isinstance(stricter(FakeTools(SAME, REPLAYED).proxy(), clone, finding("sequences")), Report)


def test_no_policies_and_no_answer_are_reports(clone: Path, tmp_path: Path) -> None:
    """A repository without policies; tools that refuse."""
    tools = FakeTools(NARROWER, REPLAYED)
    assert isinstance(stricter(tools.proxy(), tmp_path / "none", finding("volume")), Report)
    assert tools.asked == []
    refusing = FakeTools(NARROWER, REPLAYED, status=422)
    assert isinstance(stricter(refusing.proxy(), clone, finding("volume")), Report)

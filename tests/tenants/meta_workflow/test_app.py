"""A whole run against a gateway that answers as told, with a real repository: what is proposed, known, put off, refused."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from audit.entry import Entry
from audit.log_service_view import shown
from audit.query import Stored
from proof.histories.demo import demo_story
from proof.histories.generate import generate
from tenants.agents.calls import Proxy
from tenants.agents.meta_workflow import app
from tenants.agents.meta_workflow.memory import claimed
from tenants.agents.meta_workflow.settings import Settings, parse
from tests.tenants.meta_workflow.findings import NOW_MS, written
from tests.tenants.meta_workflow.test_refit import DRIFTED, PLACE

ROOT = Path(__file__).parents[3]
LIMITS = "tenants/agents/crash_tracker/limits.yaml"
ROLES = "roles:\n  telemetry-analyzer: {actions: [read, write]}\n"
NARROW = "roles:\n  telemetry-analyzer: {actions: [read]}\n"
API = "/code-repository/repos/acme/agents"


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    """Four days with three troubles, as the log service tells them."""
    entries: list[Entry] = generate(demo_story(NOW_MS, days=4, seed=0))
    return [shown(Stored(seq, entry)) for seq, entry in enumerate(entries)]


@dataclass
class World:
    """What the agent meets: pages of the log, policy tools, a forge's API; and the repository that it pushes to."""

    documents: list[dict[str, Any]]
    bare: Path
    pulls: list[dict[str, Any]] = field(default_factory=list)
    refuses: str = ""
    """The code with which pull requests are refused; empty where they are opened."""

    def proxy(self) -> Proxy:
        """A way to it."""
        return Proxy(httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://proxy"))

    def branches(self) -> set[str]:
        """What was pushed."""
        ran = subprocess.run(
            ["git", "branch", "--format=%(refname:short)"],
            cwd=self.bare,
            capture_output=True,
            text=True,
            check=True,
        )
        return {name for name in ran.stdout.split() if name.startswith("agent/")}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, given = request.url.path, request.url.params
        if path == "/log/entries" and "workflow" in given:
            return httpx.Response(200, json={"entries": [{"type": "decision", "role": "meta-workflow"}]})
        if path == "/log/entries":
            first = int(given["first"])
            part = self.documents[first : first + 5_000]
            told = {"entries": part, "next": first + len(part), "more": len(part) == 5_000, "sealed": 9}
            return httpx.Response(200, content=msgspec.json.encode(told))
        if path.endswith("/proof"):
            return httpx.Response(200, text="c2sp.org/tlog-proof@v1\nindex 1\n\nnote\n")
        if path.startswith("/policy-tools/"):
            return httpx.Response(200, json=_TOOLS[path.rpartition("/")[2]])
        if request.method == "GET":
            return httpx.Response(200, json=self.pulls)
        return self._opened(json.loads(request.content))

    def _opened(self, asked: dict[str, Any]) -> httpx.Response:
        if self.refuses:
            return httpx.Response(
                403, json={"code": self.refuses, "decision": "d-x", "detail": "No.", "remedy": "-"}
            )
        made = {
            "number": len(self.pulls) + 1,
            "state": "open",
            "merged_at": None,
            "created_at": _CREATED,
            **asked,
        }
        self.pulls.append({**made, "head": {"ref": asked["head"]}})
        return httpx.Response(201, json={"number": made["number"]})


_CREATED = "2025-11-23T00:00:00+00:00"
_TOOLS: dict[str, dict[str, Any]] = {
    "suggest": {
        "narrower": True,
        "new_text": NARROW,
        "removed": [{"word": "write", "service": "telemetry"}],
        "decisions": 9,
    },
    "difference": {"verdict": "tightened", "proven": True, "markdown": "### tightened\n"},
    "replay": {"flips": [], "reproduced": 9, "markdown": "### Replay\n"},
}


@pytest.fixture
def world(tmp_path: Path, documents: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> World:
    """A repository with a staging branch behind it."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "meta-workflow")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "wf-own@agents.doorless.local")
    seed = tmp_path / "seed"
    shutil.copytree(ROOT / PLACE, seed / PLACE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tenants/agents/calls.py", seed / "tenants/agents")
    more = {"tenants/__init__.py": "", "tenants/agents/__init__.py": "", "policies/roles.yaml": ROLES}
    written(seed, {**more, LIMITS: (ROOT / LIMITS).read_text(), f"{PLACE}/rules.yaml": DRIFTED})
    bare = tmp_path / "acme" / "agents"
    for words in (
        ("init", "--quiet", "--initial-branch=staging", str(seed)),
        ("-C", str(seed), "add", "--all"),
        ("-C", str(seed), "commit", "--quiet", "-m", "seed"),
        ("clone", "--quiet", "--bare", str(seed), str(bare)),
    ):
        subprocess.run(["git", *words], check=True)
    return World(documents, bare)


def _settings(world: World, workflow: str = "wf-own", *more: str) -> Settings:
    return parse([str(world.bare), "--days", "30000", *more], {"DOORLESS_WORKFLOW": workflow})


def _run(world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.agents.meta_workflow.repository.api_of", lambda _: API)
    app.work(world.proxy(), settings)


def test_one_problem_is_one_pull_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three problems: three branches of its own with one change each, three texts in the one form, all against staging."""
    _run(world, _settings(world), monkeypatch)
    titles = {pull["title"] for pull in world.pulls}
    assert titles == {
        "Fix telemetry-analyzer rules causing classification drift",
        "Narrow the role telemetry-analyzer to what it used",
        "Ask for less at once: crash-tracker, read-stack-trace",
    }
    assert {pull["base"] for pull in world.pulls} == {"staging"}
    assert {pull["head"]["ref"] for pull in world.pulls} == world.branches()
    for pull in world.pulls:
        workflow, _ = claimed(pull["head"]["ref"]) or ("", "")
        assert workflow == "wf-own"
        order = [
            pull["body"].index(part)
            for part in ("```yaml", "## What was seen", "## Evidence", "## Proposed fix", "## Test results")
        ]
        assert order == sorted(order)
        ran = subprocess.run(
            ["git", "diff", "--name-only", "staging", pull["head"]["ref"]],
            cwd=world.bare,
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(ran.stdout.split()) == 1


def test_what_was_proposed_is_not_proposed_again(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run, of another workflow, on the same log: nothing new, open or refused as they may be."""
    _run(world, _settings(world), monkeypatch)
    before = world.branches()
    for state in ("open", "closed"):
        world.pulls = [{**pull, "state": state} for pull in world.pulls]
        _run(world, _settings(world, "wf-later"), monkeypatch)
        assert len(world.pulls) == 3
    assert world.branches() == before
    assert capsys.readouterr().out.count("known: ") == 6


def test_no_more_than_so_many_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is too much is said and put off."""
    _run(world, _settings(world, "wf-own", "--most-a-day", "1"), monkeypatch)
    assert len(world.pulls) == 1
    assert capsys.readouterr().out.count("enough for today") == 2


def test_a_dry_run_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what it would propose."""
    _run(world, _settings(world, "wf-own", "--dry-run"), monkeypatch)
    assert (world.pulls, world.branches()) == ([], set())
    assert capsys.readouterr().out.count("would propose: ") == 3


def test_a_refusal_of_one_is_no_end_of_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is told with its reason."""
    world.refuses = "change.protected_path"
    _run(world, _settings(world), monkeypatch)
    said = capsys.readouterr().out
    assert said.count("refused: ") == 3
    assert said.count("[change.protected_path]") == 3

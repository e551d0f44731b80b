"""A candidate policy in the shadow: asked what agents ask, counted and recorded, and whatever it does, never heard."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.entry import EventEntry
from gateway.shadow.asking import NICENESS
from tests.gateway.rig import ROLES, Agent, Rig, until

ENTRY = "request/request.rego"
REAL = "decision := verdict.document({"
NOT_CANARY = 'input.workflow != "wf-canary"'
YES = '{"version": "1", "allow": true, "reasons": [], "obligations": [], "hold": null, "cacheable_s": 0}'
PLAN = (("/notes/notes", 200), ("/keyed/secret", 403), ("/notes/notes/7", 200), ("/keyed/ask", 200))


@pytest.fixture(autouse=True)
def _nothing_runs_on(rig: Rig) -> Iterator[None]:
    """Each test ends with no candidate."""
    yield
    rig.admin.delete("/policy/shadow")


def candidate(rig: Rig, folder: Path, change: Callable[[Path], object] = Path.exists) -> Path:
    """The rig's own policies, changed."""
    shutil.copytree(rig.policies, folder)
    change(folder)
    return folder


def without_notes(policies: Path) -> None:
    """The writer may not read answers any more."""
    (policies / "roles.yaml").write_text(ROLES.replace("data: [notes, answers]", "data: [notes]"))


def instead(answer: str) -> Callable[[Path], None]:
    """What is no canary is answered by this, whatever it is."""

    def change(policies: Path) -> None:
        entry = policies / ENTRY
        text = entry.read_text()
        assert REAL in text
        body = f"decision := {answer} if {NOT_CANARY} else := verdict.document({{" if answer else ""
        text = text.replace(
            REAL,
            body or f'decision := known if {NOT_CANARY[:14]} == "wf-canary"\n\nknown := verdict.document({{',
        )
        entry.write_text(text)

    return change


def start(rig: Rig, policies: Path) -> httpx.Response:
    """Ask it from here on."""
    return rig.admin.post("/policy/shadow", json={"policies": str(policies)}, timeout=30)


def status(rig: Rig) -> dict[str, Any]:
    """What came of it so far."""
    found: dict[str, Any] = rig.admin.get("/policy/shadow").json()
    return found


def asked(rig: Rig, count: int) -> dict[str, Any]:
    """The same, once so many answers were counted."""
    return until(lambda: found if (found := status(rig))["asked"] >= count else None)  # type: ignore[no-any-return]


def walk(agent: Agent) -> None:
    """Calls whose answers are known, whatever a candidate says."""
    for target, expected in PLAN:
        assert agent.get(target).status == expected, target


def engine(rig: Rig) -> int:
    """The candidate's process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{rig.run}/opa-shadow".encode() in words:
                return int(folder.name)
    raise AssertionError("no candidate runs")


def flips(rig: Rig, workflow: str) -> list[EventEntry]:
    """What the log says that a candidate would have decided otherwise."""
    return [
        each
        for each in rig.entries()
        if isinstance(each, EventEntry) and each.event == "shadow.flip" and each.workflow == workflow
    ]


def test_what_a_candidate_would_decide_otherwise_is_told(rig: Rig, tmp_path: Path) -> None:
    """One flip: an event with the decision, both answers, the rule and both revisions; agreement is only counted."""
    assert status(rig)["state"] in {"off", "ended"}
    begun = start(rig, candidate(rig, tmp_path / "p", without_notes))
    assert (begun.status_code, begun.json()["state"]) == (200, "running")
    agent = rig.agent()
    walk(agent)
    found = asked(rig, 4)
    counts = [found[name] for name in ("asked", "agreed", "flips", "errors", "skipped", "waiting")]
    assert counts == [4, 3, 1, {}, 0, 0]
    [kind] = found["kinds"]
    flipped = rig.decisions(agent.workflow)[3]
    rule = "request.rules.data_not_granted"
    assert kind == {
        "role": "writer", "live": "allow", "candidate": "deny", "rule": rule, "count": 1, "examples": [flipped.id],
    }  # fmt: skip
    event = until(lambda: flips(rig, agent.workflow))[0]
    assert event.detail == {
        "decision": flipped.id, "role": "writer", "live": "allow", "candidate": "deny", "rule": rule,
        "live_revision": flipped.revision, "revision": found["revision"],
    }  # fmt: skip
    ended = rig.admin.delete("/policy/shadow").json()
    assert (ended["state"], ended["asked"], ended["problem"]) == ("ended", 4, "")
    told = rig.event("shadow.stopped").detail
    assert [told[name] for name in ("asked", "agreed", "flips", "errors", "skipped")] == [4, 3, 1, 0, 0]
    assert rig.admin.delete("/policy/shadow").json()["code"] == "shadow.off"


def test_a_candidate_that_allows_everything_lets_nothing_through(rig: Rig, tmp_path: Path) -> None:
    """Its yes to a denied call is a flip in the log, and the call stays denied."""
    assert start(rig, candidate(rig, tmp_path / "p", instead(YES))).status_code == 200
    agent = rig.agent()
    walk(agent)
    found = asked(rig, 4)
    assert (found["agreed"], found["flips"]) == (3, 1)
    assert (found["kinds"][0]["live"], found["kinds"][0]["candidate"]) == ("deny", "allow")
    assert found["kinds"][0]["rule"] == "request.rules.data_not_granted", (
        "the rule that is not heard any more"
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [('"rubbish"', "decision_invalid"), ('{"allow": true}', "decision_invalid"), ("", "pdp_undefined")],
)
def test_a_candidate_that_answers_rubbish_changes_nothing(
    rig: Rig, tmp_path: Path, answer: str, code: str
) -> None:
    """What is no decision is counted as an error, under the code that a denial would have had."""
    assert start(rig, candidate(rig, tmp_path / "p", instead(answer))).status_code == 200
    walk(rig.agent())
    found = asked(rig, 4)
    assert (found["errors"], found["flips"], found["agreed"]) == ({code: 4}, 0, 0)


def test_one_question_that_breaks_a_candidate_spoils_no_other(rig: Rig, tmp_path: Path) -> None:
    """Two rules that contradict each other fail the whole evaluation: asked again, each alone."""

    def change(policies: Path) -> None:
        entry = policies / ENTRY
        text = entry.read_text().replace(REAL, 'decision := broken if input.route == "show"\n\n' + REAL)
        entry.write_text(text + '\n# METADATA\n# title: Broken\nbroken := {"no": "decision"}\n')

    assert start(rig, candidate(rig, tmp_path / "p", change)).status_code == 200
    walk(rig.agent())
    found = asked(rig, 4)
    assert (found["errors"], found["agreed"]) == ({"pdp_error": 1}, 3)


@pytest.mark.parametrize(
    ("how", "said"), [(signal.SIGKILL, "ended with code -9"), (signal.SIGSTOP, "did not answer")]
)
def test_a_candidate_that_dies_or_hangs_changes_nothing(
    rig: Rig, tmp_path: Path, how: signal.Signals, said: str
) -> None:
    """Answers come as fast as before, and the shadow ends by itself and says why."""
    assert start(rig, candidate(rig, tmp_path / "p")).status_code == 200
    os.kill(engine(rig), how)
    agent = rig.agent()
    began = time.monotonic()
    for _ in range(5):
        walk(agent)
    assert time.monotonic() - began < 5, "the candidate has seconds for an answer; nobody waited for it"
    deadline = time.monotonic() + 30
    while (found := status(rig))["state"] == "running":
        assert time.monotonic() < deadline
        if agent.get("/notes/notes").status != 200:
            raise AssertionError("a candidate was heard")
        time.sleep(0.2)
    assert said in found["problem"]
    assert said in str(rig.event("shadow.stopped").detail["problem"])


def test_a_candidate_that_cannot_be_used_is_refused_with_file_and_line(rig: Rig, tmp_path: Path) -> None:
    """Rego that does not compile, a role that names nothing, canaries answered wrongly: nothing is asked."""

    def no_rego(policies: Path) -> None:
        (policies / ENTRY).write_text("package request\n\ndecision := nonsense\n")

    def no_role(policies: Path) -> None:
        (policies / "roles.yaml").write_text(
            "roles:\n  writer:\n    services: [nowhere]\n    actions: [read]\n"
        )

    def yes_to_all(policies: Path) -> None:
        (policies / ENTRY).write_text(
            (policies / ENTRY).read_text().replace(REAL, f"decision := {YES}\n\nother := verdict.document({{")
        )

    wrong = {"rego": (no_rego, ENTRY, 3), "role": (no_role, "roles.yaml", 3), "canary": (yes_to_all, "", 1)}
    for name, (change, file, line) in wrong.items():
        answer = start(rig, candidate(rig, tmp_path / name, change))
        assert answer.status_code == 422, name
        error = answer.json()["errors"][0]
        assert (error["file"], error["line"]) == (str(tmp_path / name / file).rstrip("/"), line)
    assert "canary" in error["message"]
    assert start(rig, Path("relative")).json()["code"] == "shadow.path"
    assert status(rig)["state"] != "running"


def test_only_one_candidate_is_asked_at_a_time(rig: Rig, tmp_path: Path) -> None:
    """A second one is told that there is one."""
    policies = candidate(rig, tmp_path / "p")
    assert start(rig, policies).status_code == 200
    assert start(rig, policies).json()["code"] == "shadow.running"


def test_a_candidate_stands_back(rig: Rig, tmp_path: Path) -> None:
    """Every thread of its engine is nicer than the gateway, and on one core where there are several."""
    assert start(rig, candidate(rig, tmp_path / "p")).status_code == 200
    tasks = [int(task.name) for task in Path(f"/proc/{engine(rig)}/task").iterdir()]
    assert {os.getpriority(os.PRIO_PROCESS, task) for task in tasks} == {NICENESS}
    cores = os.sched_getaffinity(rig.gateway.pid)
    expected = {max(cores)} if len(cores) > 1 else cores
    assert all(os.sched_getaffinity(task) == expected for task in tasks)

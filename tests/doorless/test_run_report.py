"""`doorless run --report`: an agent's report is kept once it was validated and recorded, and not otherwise."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from audit.entry import EventEntry
from audit.reader import read_entries
from tests.doorless.conftest import Place


def report(**more: Any) -> dict[str, Any]:
    """A report that its schema takes, with more in it."""
    return {"type": "report", "title": "one", "summary": "s", "findings": [], **more}


def run(place: Place, said: str, *words: str, code: int = 0) -> "tuple[int, str, str]":
    """An agent that prints this and ends so: exit code, stdout and stderr of `doorless run`."""
    (place.agents / "said").write_text(said)
    ran = place.doorless(
        "run", "--role", "crash-tracker", *words, "--", "sh", "-c", f"cat said; echo aside >&2; exit {code}"
    )
    return ran.returncode, ran.stdout, ran.stderr


def events(place: Place) -> list[EventEntry]:
    """Every event about a report, the oldest first."""
    entries = (stored.entry for stored in read_entries(place.home / "log"))
    return [e for e in entries if isinstance(e, EventEntry) and e.event.startswith("report.")]


def test_a_valid_report_is_kept_with_its_entry(running: Place, tmp_path: Path) -> None:
    """Byte for byte, nothing of it on stdout; the entry names role, digest and the accuracy in basis points."""
    said = json.dumps(report(accuracy=0.8333, samples=120))
    code, out, err = run(running, said, "--report", str(tmp_path / "r.json"))
    assert (code, out) == (0, ""), err
    assert "aside" in err
    assert (tmp_path / "r.json").read_text() == said
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    entry = events(running)[-1]
    assert entry.event == "report.kept"
    assert entry.workflow.startswith("wf-")
    assert entry.detail == {
        "role": "crash-tracker",
        "type": "report",
        "sha256": hashlib.sha256(said.encode()).hexdigest(),
        "bytes": len(said),
        "accuracy_bp": 8333,
        "samples": 120,
    }


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "Send one JSON object"),
        ("I could not do it, sorry.", "Send one JSON object"),
        (json.dumps(report()) + "\nDone!", "Send one JSON object"),
        (json.dumps(report(type="alert-team")), "/type Say report"),
        (json.dumps(report(accuracy=1.5, samples=3)), "/accuracy The schema says: maximum"),
        (json.dumps(report(accuracy=0.5)), "dependentRequired"),
        (
            json.dumps(report(findings=[{"title": "x", "confidence": "high\x1b[31m"}])),
            "/findings/0/confidence",
        ),
        (json.dumps(report(summary="x" * 2**20)), "Send one JSON object"),
    ],
)
def test_what_is_no_report_is_refused_and_recorded(
    running: Place, tmp_path: Path, said: str, problem: str
) -> None:
    """119, a reason that is not in the agent's words, an entry; what was kept before stays as it is."""
    file = tmp_path / "r.json"
    file.write_text("yesterday's")
    code, out, err = run(running, said, "--report", str(file))
    assert (code, out) == (119, "")
    assert problem in err
    assert file.read_text() == "yesterday's"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    entry = events(running)[-1]
    assert entry.event == "report.refused"
    assert problem in str(entry.detail["problem"])
    assert "\x1b" not in json.dumps(entry.detail)


def test_a_report_of_an_agent_that_failed_is_not_looked_at(running: Place, tmp_path: Path) -> None:
    """The agent's own code is passed on, and nothing is kept or recorded."""
    before = len(events(running))
    code, out, err = run(running, json.dumps(report()), "--report", str(tmp_path / "r.json"), code=7)
    assert (code, out) == (7, "")
    assert "no report was kept" in err
    assert not list(tmp_path.iterdir())
    assert len(events(running)) == before


@pytest.mark.parametrize(
    "words", [("--report", "/no/such/folder/r.json"), ("--unsafe-no-sandbox", "--report", "r")]
)
def test_where_none_can_be_kept_no_agent_is_started(running: Place, words: tuple[str, ...]) -> None:
    """A folder that is not there, an agent without a room: 125 before anything begins."""
    code, _, err = run(running, "{}", *words)
    assert code == 125
    assert "No agent was started" in err


def test_nothing_is_kept_where_nothing_judges(running: Place, tmp_path: Path) -> None:
    """With the checks stopped: 121, no file."""
    socket = running.home / "run" / "checks.sock"
    away = socket.with_name("away.sock")
    socket.rename(away)
    try:
        code, _, err = run(running, json.dumps(report()), "--report", str(tmp_path / "r.json"))
    finally:
        away.rename(socket)
    assert code == 121, err
    assert not list(tmp_path.iterdir())

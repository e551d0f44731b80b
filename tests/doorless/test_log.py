"""`doorless log` on a log of our own making: what people and programs read, and what a bad log is called."""

import contextlib
import io
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator

import msgspec
import pytest

from audit.entry import (
    DecisionEntry,
    Entry,
    EventEntry,
    Obligation,
    OutcomeEntry,
    Reason,
    decision_id,
    document_digest,
    encode,
)
from audit.writer import Writer
from doorless.cli import run_command
from tests.audit.samples import FIRST_SEGMENT
from tests.doorless.conftest import Place, new_place, until

ALLOWED, DENIED, LATER = (decision_id(letter * 16) for letter in (b"a", b"d", b"l"))
WORKFLOW = "wf-aaaaaaaaaaaaaaaaaaaa"
NOW = 1_763_890_000_000


def decision(name: str, word: str, path: str) -> DecisionEntry:
    """A request that was decided."""
    asked = {"method": "GET", "service": "crash-reporting", "path": path, "query": "limit=10"}
    reasons = [
        Reason(code="role_grants", rule="request.rules.role_grant", message="Granted.", audience="agent")
    ]
    if word == "deny":
        reasons = [
            Reason(code="action_not_granted", rule="request.rules.x", message="No write.", audience="agent")
        ]
    return DecisionEntry(
        time=NOW,
        id=name,
        kind="request",
        workflow=WORKFLOW,
        role="crash-tracker",
        decision="allow" if word == "allow" else "deny",
        source="policy",
        reasons=reasons,
        obligations=[
            Obligation(id="o1", type="rate_limit", properties={"key": "role:crash-tracker", "limit": 30})
        ],
        input=asked,
        input_sha256=document_digest(asked),
        revision="ab" * 32,
    )


OUTCOME = OutcomeEntry(
    time=NOW + 3,
    decision=ALLOWED,
    forwarded=True,
    result="completed",
    status=200,
    bytes_in=0,
    bytes_out=1234,
    ms=3,
)
STARTED = EventEntry(
    time=NOW, event="workflow.started", workflow=WORKFLOW, detail={"revision": "ab" * 32, "task": ""}
)
ENTRIES: tuple[Entry, ...] = (
    STARTED,
    decision(ALLOWED, "allow", "/reports"),
    OUTCOME,
    decision(DENIED, "deny", "/x%1b\x1b[31m"),
)


def write(place: Place, *entries: Entry) -> None:
    """Append to the home's log, durably; what was there before gets sealed."""
    with Writer(place.home / "log") as writer:
        if entries:
            writer.append([encode(entry) for entry in entries])


def run(place: Place, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, in this process: a start of its own takes a second, and changes nothing."""
    out, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        code = run_command([*words, "--home", str(place.home)])
    return subprocess.CompletedProcess(words, code, out.getvalue(), complaints.getvalue())


@pytest.fixture(scope="module")
def logged(made: Place) -> Place:
    """A home with a small log."""
    write(made, *ENTRIES)
    return made


@pytest.fixture(scope="module")
def made() -> Iterator[Place]:
    """A home for this module."""
    place = new_place()
    yield place
    shutil.rmtree(place.home.parent)


def test_tail_shows_decision_and_outcome_in_one_line(logged: Place) -> None:
    """A person sees what was asked, the decision, why, and what came of it."""
    said = run(logged, "log", "tail").stdout
    line = next(line for line in said.splitlines() if ALLOWED in line)
    assert "GET /crash-reporting/reports?limit=10" in line
    assert "ALLOW" in line
    assert "200, 1,234 B, 3 ms" in line
    assert "revision=abababababab…" in said
    assert "\x1b" not in said, "nothing of the log speaks to the terminal"


def test_tail_filters_by_decision(logged: Place) -> None:
    """--decision deny leaves only denials."""
    said = run(logged, "log", "tail", "--decision", "deny").stdout
    assert DENIED in said
    assert ALLOWED not in said
    assert run(logged, "log", "tail", "--decision", "maybe").returncode == 2


def test_tail_for_programs_is_one_document_a_line(logged: Place) -> None:
    """--json gives the entries themselves with their numbers, the last --lines of them."""
    said = run(logged, "log", "tail", "--json", "--lines", "2").stdout
    documents = [json.loads(line) for line in said.splitlines()]
    assert [each["seq"] for each in documents] == [2, 3]
    assert documents[0]["entry"]["decision"] == ALLOWED


def test_show_tells_everything_of_a_decision(logged: Place) -> None:
    """Reasons, obligations, input, revision and outcome."""
    said = run(logged, "log", "show", ALLOWED).stdout
    for part in ("role_grants", "Granted.", "rate_limit", "crash-reporting", "200, 1,234 B", "ab" * 32):
        assert part in said
    document = json.loads(run(logged, "log", "show", ALLOWED, "--json").stdout)
    assert (document["decision"]["seq"], document["outcome"]["seq"]) == (1, 2)
    assert (document["replayable"], document["input_beside"]) == (True, None)


def test_show_tells_a_workflows_story(logged: Place) -> None:
    """Everything of one workflow, in order."""
    document = json.loads(run(logged, "log", "show", WORKFLOW, "--json").stdout)
    assert [each["seq"] for each in document] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", [decision_id(b"n" * 16), "wf-bbbbbbbbbbbbbbbbbbbb"])
def test_what_the_log_does_not_know_is_said(logged: Place, name: str) -> None:
    """An unknown id is 1 and named."""
    unknown = run(logged, "log", "show", name)
    assert unknown.returncode == 1
    assert name in unknown.stderr


def test_verify_counts_what_holds_together(logged: Place) -> None:
    """A sound log is 0, with its numbers."""
    document = json.loads(run(logged, "log", "verify", "--json").stdout)
    assert (document["ok"], document["records"], document["open_intents"]) == (True, 4, 0)
    assert "4 records" in run(logged, "log", "verify").stdout


def test_tail_follows(place: Place) -> None:
    """--follow prints what comes, an outcome after its decision too, until it is stopped."""
    write(place, STARTED, decision(ALLOWED, "allow", "/reports"))
    with place.begin("log", "tail", "--follow", "--json", "--workflow", WORKFLOW) as process:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline())["seq"] for _ in range(2)] == [0, 1]
        write(place, OUTCOME, decision(DENIED, "deny", "/y"))
        assert [json.loads(process.stdout.readline())["seq"] for _ in range(2)] == [2, 3]
        write(place, decision(LATER, "allow", "/z"))
        assert json.loads(process.stdout.readline())["seq"] == 4
        write(place, msgspec.structs.replace(OUTCOME, decision=LATER))
        assert json.loads(process.stdout.readline())["seq"] == 5
        process.send_signal(signal.SIGINT)
        until(lambda: process.poll() is not None, "it stops")
        assert process.returncode == 130


def test_a_damaged_log_is_named_at_its_record(place: Place) -> None:
    """One changed byte, in the journal and when it is sealed: `verify` ends with 1 and names it; no traceback."""
    write(place, *ENTRIES)
    for name in (FIRST_SEGMENT, "tile/entries/000.p/4"):
        file = place.home / "log" / name
        sound = file.read_bytes()
        file.write_bytes(sound.replace(b"crash-tracker", b"crush-tracker", 1))
        said = run(place, "log", "verify")
        assert said.returncode == 1
        assert "The log does not verify." in said.stderr
        assert "Traceback" not in said.stderr
        document = json.loads(run(place, "log", "verify", "--json").stdout)
        assert document["ok"] is False
        file.write_bytes(sound)
        write(place)  # a start of the writer seals what is there


def test_an_unsound_index_is_no_hindrance(place: Place) -> None:
    """What stands in HOME/index is made anew; a bad log is still told apart from it."""
    write(place, *ENTRIES)
    write(place)
    assert run(place, "log", "show", ALLOWED).returncode == 0
    (place.home / "index" / "log.sqlite").write_bytes(b"nonsense")
    assert ALLOWED in run(place, "log", "show", ALLOWED).stdout
    shutil.rmtree(place.home / "index")
    (place.home / "index").write_text("in the way")
    said = run(place, "log", "show", ALLOWED)
    assert said.returncode == 1
    assert "cannot be kept" in said.stderr


def test_a_reader_that_leaves_is_no_error(logged: Place) -> None:
    """`doorless log tail | head -1` ends quietly."""
    with logged.begin("log", "tail", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(30)
        assert process.stderr is not None
        assert process.stderr.read() == ""

"""`doorless log` on a log of our own making: what people and programs read, and what a bad log is called."""

import json
import shutil
import signal
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
    """Append to the home's log, durably."""
    with Writer(place.home / "log") as writer:
        writer.append([encode(entry) for entry in entries])


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
    said = logged.doorless("log", "tail").stdout
    line = next(line for line in said.splitlines() if ALLOWED in line)
    assert "GET /crash-reporting/reports?limit=10" in line
    assert "ALLOW" in line
    assert "200, 1,234 B, 3 ms" in line
    assert "revision=abababababab…" in said
    assert "\x1b" not in said, "nothing of the log speaks to the terminal"


def test_tail_filters_by_decision(logged: Place) -> None:
    """--decision deny leaves only denials."""
    said = logged.doorless("log", "tail", "--decision", "deny").stdout
    assert DENIED in said
    assert ALLOWED not in said
    assert logged.doorless("log", "tail", "--decision", "maybe").returncode == 2


def test_tail_for_programs_is_one_document_a_line(logged: Place) -> None:
    """--json gives the entries themselves with their numbers, the last --lines of them."""
    said = logged.doorless("log", "tail", "--json", "--lines", "2").stdout
    documents = [json.loads(line) for line in said.splitlines()]
    assert [each["seq"] for each in documents] == [2, 3]
    assert documents[0]["entry"]["decision"] == ALLOWED


def test_show_tells_everything_of_a_decision(logged: Place) -> None:
    """Reasons, obligations, input, revision and outcome."""
    said = logged.doorless("log", "show", ALLOWED).stdout
    for part in ("role_grants", "Granted.", "rate_limit", "crash-reporting", "200, 1,234 B", "ab" * 32):
        assert part in said
    document = json.loads(logged.doorless("log", "show", ALLOWED, "--json").stdout)
    assert (document["decision"]["seq"], document["outcome"]["seq"]) == (1, 2)


def test_show_tells_a_workflows_story(logged: Place) -> None:
    """Everything of one workflow, in order."""
    document = json.loads(logged.doorless("log", "show", WORKFLOW, "--json").stdout)
    assert [each["seq"] for each in document] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", [decision_id(b"n" * 16), "wf-bbbbbbbbbbbbbbbbbbbb"])
def test_what_the_log_does_not_know_is_said(logged: Place, name: str) -> None:
    """An unknown id is 1 and named."""
    unknown = logged.doorless("log", "show", name)
    assert unknown.returncode == 1
    assert name in unknown.stderr


def test_verify_counts_what_holds_together(logged: Place) -> None:
    """A sound log is 0, with its numbers."""
    document = json.loads(logged.doorless("log", "verify", "--json").stdout)
    assert (document["ok"], document["records"], document["open_intents"]) == (True, 4, 0)
    assert "4 records" in logged.doorless("log", "verify").stdout


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
    """One changed byte: `verify` ends with 1 and names the record; no traceback."""
    write(place, *ENTRIES)
    journal = place.home / "log" / "journal"
    raw = bytearray(journal.read_bytes())
    raw[raw.index(b"crash-tracker")] ^= 1
    journal.write_bytes(raw)
    said = place.doorless("log", "verify")
    assert said.returncode == 1
    assert "record 1, at byte" in said.stderr
    assert "Traceback" not in said.stderr
    document = json.loads(place.doorless("log", "verify", "--json").stdout)
    assert (document["ok"], document["record"]) == (False, 1)


def test_a_reader_that_leaves_is_no_error(logged: Place) -> None:
    """`doorless log tail | head -1` ends quietly."""
    with logged.begin("log", "tail", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(30)
        assert process.stderr is not None
        assert process.stderr.read() == ""

"""`doorless policy draft` and `suggest` on a home with a past: real log, real OPA, nothing written to the policies."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from audit.entry import DecisionEntry, OutcomeEntry
from decision.opa_binary import find_opa
from doorless.commands.policy_draft import draft
from doorless.commands.policy_suggest import suggest
from doorless.problem import Problem
from tests.authoring.histories import SHIPPED, Past, request, token

ALWAYS = "9999d"
ROLES = """roles:
  # Looks at crashes.
  crash-tracker:
    services: [crash-reporting, telemetry]
    actions: [read]
    data: [crash-reports, telemetry]   # no stack traces
    limits: { max_requests_per_min: 30 }
"""


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """A home whose crash-tracker read three reports, one of them completely, and asked for one thing too many."""
    root = tmp_path / "home"
    root.mkdir()
    (root / "doorless.yaml").write_text("{}\n")
    policies = shutil.copytree(SHIPPED, root / "policies")
    (policies / "roles.yaml").write_text(ROLES)
    made = Past(root, find_opa(os.environ))
    stack = request(route="read-stack-trace", path="/stack-traces/1", data="stack-traces")
    asyncio.run(made.decide(policies, [token(), request(), request(), request(), stack]))
    made.entries.append(_completed(made.entries[1]))
    made.close()
    monkeypatch.setenv("DOORLESS_HOME", str(root))
    return made


def _completed(entry: object) -> OutcomeEntry:
    assert isinstance(entry, DecisionEntry)
    return OutcomeEntry(
        time=entry.time + 9000,
        decision=entry.id,
        forwarded=True,
        result="completed",
        status=200,
        bytes_in=0,
        bytes_out=9,
        ms=1,
    )


def test_a_draft_is_printed_with_its_proof_test_and_replay(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refused call is allowed under it, and the one decision that flips is that call."""
    draft(past.ids[-1], since=ALWAYS)
    said = capsys.readouterr().out
    for part in (
        "by request.rules.data_not_granted",
        "+    data: [crash-reports, telemetry, stack-traces]   # no stack traces",
        "Allowed then.",
        "test_refused_without_it",
        "1 | deny to allow",
        "Nothing was changed.",
    ):
        assert part in said, said
    assert (past.source.log.parent / "policies" / "roles.yaml").read_text() == ROLES


def test_what_was_not_refused_is_no_reason_for_a_draft(past: Past) -> None:
    """An allowed call, and an id that the log does not know."""
    with pytest.raises(Problem, match="nothing to draft"):
        draft(past.ids[1], since=ALWAYS)
    with pytest.raises(Problem):
        draft("d-" + "0" * 26, since=ALWAYS)


@pytest.mark.usefixtures("past")
def test_a_suggestion_is_printed_with_counts_and_replay(capsys: pytest.CaptureFixture[str]) -> None:
    """The service that was never used goes with its data, and no allow would be refused."""
    suggest("crash-tracker", since=ALWAYS)
    said = capsys.readouterr().out
    for part in (
        "read:crash-reports on crash-reporting (3, 1)",
        "read:telemetry on telemetry",
        "+    services: [crash-reporting]",
        "+    data: [crash-reports]   # no stack traces",
        "max_requests_per_min: 30 -> 6 (seen: 4)",
        "no allow would be refused",
    ):
        assert part in said, said
    suggest("crash-tracker", since=ALWAYS, form="json")
    document = json.loads(capsys.readouterr().out)
    assert (document["narrower"], document["replay"]) == (True, {"reproduced": 5, "refused": 0})


@pytest.mark.usefixtures("past")
def test_a_role_that_is_not_there_has_no_suggestion() -> None:
    """A problem with a way on, and not a guess."""
    with pytest.raises(Problem, match="no suggestion for the role nobody"):
        suggest("nobody", since=ALWAYS)

"""Reading the log: pages become a history; damaged or unknown entries state less, and are no error."""

from typing import Any

import httpx
import pytest

from audit.entry import Entry
from tenants.agents.calls import Proxy, UnreachableError
from tenants.agents.meta_workflow.reading import read_log, role_of
from tests.audit.samples import decision, event, name, outcome
from tests.tenants.meta_workflow.reading_rig import read

ASKED = {"service": "telemetry", "route": "query", "action": "read", "data": "telemetry", "path": "/q"}
ENTRIES: list[Entry] = [
    event(0, workflow="wf-1", detail={"role": "juror", "task": "x"}),
    decision(1, workflow="wf-1", role="juror", input=ASKED),
    outcome(1, ms=70, bytes_in=5),
    decision(2, decision="deny", input=ASKED),
    event(3, event="report.kept", workflow="wf-1", detail={"type": "report", "accuracy_bp": 9100}),
    outcome(9),
]


@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_a_decision_has_its_outcome_and_an_event_its_workflows_role(page: int) -> None:
    """However many pages it takes; an outcome whose decision lies before is left out."""
    log = read(ENTRIES, page)
    first, second = log.history.observations
    assert (first.seq, first.outcome_seq, first.ms, first.bytes_in, first.role) == (1, 2, 70, 5, "juror")
    assert (first.service, first.route, second.outcome_seq, second.decision) == (
        "telemetry",
        "query",
        None,
        "deny",
    )
    assert [(one.event, one.role) for one in log.history.happenings] == [
        ("workflow.started", "juror"),
        ("report.kept", "juror"),
    ]
    assert log.history.happenings[1].detail["accuracy_bp"] == 9100
    assert log.ids == {1: name(1), 2: name(1), 3: name(2)}


def _answering(document: Any) -> Proxy:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=document))
    return Proxy(httpx.Client(transport=transport, base_url="http://proxy"))


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"type": "later"}],
        ["no entry", None],
        [{"type": "decision"}],
        [{"type": "decision", "seq": "1", "time": 1.5, "codes": "x", "untrusted": "y"}],
        [{"type": "outcome", "decision": 7}],
        [{"type": "event", "detail": [1]}],
        [{"type": "event", "detail": {"role": {"a": 1}, "n": None}}],
    ],
)
def test_an_entry_of_another_form_states_nothing(entries: list[Any]) -> None:
    """An older or later log: no error, and nothing made up."""
    page = {"entries": entries, "next": len(entries), "more": False, "sealed": len(entries)}
    log = read_log(_answering(page), 0)
    assert all(one.role == "" and one.ms == 0 for one in log.history.observations)


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"entries": [], "next": 0, "more": True, "sealed": 9},
        {"entries": {}, "next": 1, "more": False, "sealed": 1},
        {"entries": [], "next": "1", "more": False, "sealed": 1},
    ],
)
def test_a_page_that_is_none_ends_it(page: Any) -> None:
    """Also one that would be asked for ever. (Without the look at `next` it never ends.)"""
    with pytest.raises(UnreachableError):
        read_log(_answering(page), 0)


def test_the_role_of_a_workflow_is_the_logs_first_word_of_it() -> None:
    """Of its start or of its tokens; a workflow that the log does not know has none."""
    started = {"type": "event", "detail": {"role": "meta-workflow"}}
    assert role_of(_answering({"entries": [started]}), "wf-1") == "meta-workflow"
    assert role_of(_answering({"entries": [{"type": "decision", "role": "juror"}]}), "wf-1") == "juror"
    assert role_of(_answering({"entries": []}), "wf-1") == ""

"""Chapter `policy`: a role is edited while everything runs, and a broken edit is refused."""

from typing import Any

from doorless.demo.stage import Stage
from doorless.demo.teller import Step, Teller
from doorless.demo.waiting import wait_for

TITLE = "Policy: a role is edited while requests run"

_REPORTS = "/crash-reporting/reports?limit=1"
_TRACES = "/crash-reporting/stack-traces?reports=r-0001"


def tell(stage: Stage, teller: Teller) -> None:
    """Edit, watch the stream follow; break the file, watch nothing happen."""
    good = stage.roles.read_text()
    with stage.streaming("dashboard", _REPORTS, _TRACES) as stream:
        first = stream.until(lambda answer: answer["target"] == _TRACES)
        teller.step(_allowed(first, "GET /crash-reporting/stack-traces, while requests run"))
        stage.roles.write_text(_without_traces(good))
        denied = stream.until(lambda answer: answer["status"] != 200)
        stream.read(20)
        teller.step(_denied(stage, denied["decision"]))
        _revisions(stage, teller, stream.seen)
        _broken(stage, teller, good)
        after = stream.until(lambda answer: answer["target"] == _REPORTS)
        teller.step(_allowed(after, "GET /crash-reporting/reports, the old policy still in force"))
    count = len(stage.events("policy.activated"))
    stage.roles.write_text(good)
    wait_for(lambda: len(stage.events("policy.activated")) > count)


def _without_traces(roles: str) -> str:
    """The roles file in which the last role, the streaming one, has lost one data class."""
    before, _, after = roles.rpartition("[crash-reports, stack-traces]")
    return f"{before}[crash-reports]{after}"


def _allowed(answer: dict[str, Any], tried: str) -> Step:
    return Step(tried, "ALLOW", answer["code"], answer["decision"], answer["status"] == 200)


def _denied(stage: Stage, decision_id: str) -> Step:
    decision = stage.decision(decision_id)
    code = decision.reasons[0].code if decision else "NOT RECORDED"
    tried = "the role loses stack-traces: the next decision on it"
    return Step(tried, "DENY", code, decision_id, code == "request.data_not_granted")


def _revisions(stage: Stage, teller: Teller, seen: list[dict[str, Any]]) -> None:
    """Every answer is a decision of one of two revisions, in order; not one request failed."""
    workflow = stage.newest_workflow("dashboard")
    revisions = [decision.revision for decision in stage.decisions(workflow)]
    distinct = list(dict.fromkeys(revisions))
    ordered = len(distinct) == 2 and revisions == sorted(revisions, key=distinct.index)
    teller.fact(
        f"revision {distinct[0][:8]} became {distinct[-1][:8]} between two of {len(seen)} requests",
        as_told=ordered,
    )
    failed = [
        answer for answer in seen if answer["status"] != 200 and answer["code"] != "request.data_not_granted"
    ]
    teller.fact(f"{len(failed)} of them failed", as_told=not failed)


def _broken(stage: Stage, teller: Teller, good: str) -> None:
    """A role file with a duplicate key is refused with its place."""
    count = len(stage.events("policy.refused"))
    stage.roles.write_text(good + "  dashboard:\n    services: []\n")
    wait_for(lambda: len(stage.events("policy.refused")) > count)
    said = str(stage.events("policy.refused")[-1].detail["errors"]).splitlines()[0]
    place = said.rpartition("/")[2]
    line = len(good.splitlines()) + 1
    teller.step(
        Step(
            f"a role file with a duplicate key: {place.partition(': ')[0]}",
            "DENY",
            "policy.refused",
            "",
            f"roles.yaml:{line}:" in said,
        )
    )
    teller.quote([place])

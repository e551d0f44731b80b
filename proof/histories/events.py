"""The entries around a workflow's calls: its token, its begin and end, its report, a jury; made-up contents.

Promises entries that `audit.entry.encode` accepts, in the form that issuer, orchestrator and checks write.
"""

from random import Random
from typing import Any

import msgspec

from audit.entry import DecisionEntry, Document, Entry, EventEntry, Obligation, OutcomeEntry, document_digest
from decision.question import TokenQuestion, encode_question
from proof.histories.entries import Worker, new_id


def workflow_name(chance: Random) -> str:
    """`wf-` and 20 letters, as the issuer makes them."""
    return "wf-" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=20))


def begun(worker: Worker, time_ms: int, chance: Random) -> list[Entry]:
    """The token question of a workflow, its outcome, and the event that it began."""
    question = TokenQuestion(
        now=time_ms // 1000, workflow=worker.workflow, role=worker.role, only=(), ttl_s=900, renewal=False
    )
    asked: Document = msgspec.json.decode(encode_question(question))
    name = new_id(chance)
    detail: dict[str, str | int] = {
        "role": worker.role,
        "decision": name,
        "expires_at": time_ms // 1000 + 900,
        "only": "",
        "task": "",
    }
    return [
        DecisionEntry(
            time=time_ms,
            id=name,
            kind="token",
            workflow=worker.workflow,
            role=worker.role,
            decision="allow",
            source="policy",
            reasons=[],
            obligations=[_token(place, service, words) for place, (service, words) in _granted(worker)],
            input=asked,
            input_sha256=document_digest(asked),
            revision=worker.revision,
        ),
        OutcomeEntry(
            time=time_ms + 4,
            decision=name,
            forwarded=False,
            result="issued",
            status=200,
            bytes_in=0,
            bytes_out=0,
            ms=4,
        ),
        EventEntry(time=time_ms + 4, event="workflow.started", workflow=worker.workflow, detail=detail),
    ]


def ended(worker: Worker, time_ms: int) -> Entry:
    """The event that a workflow is over."""
    detail: dict[str, str | int] = {"role": worker.role, "reason": "finished"}
    return EventEntry(time=time_ms, event="workflow.ended", workflow=worker.workflow, detail=detail)


def reported(worker: Worker, time_ms: int, chance: Random, told: dict[str, str | int] | None) -> Entry:
    """The event that a report was kept, with what it states of itself; None: it was refused."""
    detail: dict[str, str | int] = {
        "role": worker.role,
        "type": "report",
        "sha256": _hex(chance, 64),
        "bytes": chance.randint(800, 6_000),
    }
    if told is None:
        detail["problem"] = "/findings: is missing"
    event = "report.refused" if told is None else "report.kept"
    return EventEntry(time=time_ms, event=event, workflow=worker.workflow, detail=detail | (told or {}))


def judged(time_ms: int, verdicts: tuple[str, str, str], chance: Random) -> Entry:
    """The event that a jury decided on a pull request."""
    detail: dict[str, str | int] = {
        "type": "create-pr",
        "digest": _hex(chance, 64),
        "state": "veto" if "veto" in verdicts else "passed",
        "revision": _hex(chance, 64),
        "votes": " ".join(
            f"{name}={said}" for name, said in zip(("amber", "birch", "cedar"), verdicts, strict=True)
        ),
        "side": _hex(chance, 64),
        "tokens": chance.randint(6_000, 30_000),
        "micro_dollars": 0,
    }
    return EventEntry(time=time_ms, event="jury.decided", workflow="", detail=detail)


def _hex(chance: Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _granted(worker: Worker) -> enumerate[tuple[str, tuple[str, ...]]]:
    return enumerate(sorted(worker.scope.items()))


def _token(place: int, service: str, words: tuple[str, ...]) -> Obligation:
    properties: dict[str, Any] = {"audience": service, "scope": list(words), "ttl_s": 300}
    return Obligation(id=f"token-{place}", type="issue_token", properties=properties)

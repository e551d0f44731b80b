"""The entries of one call, one change, one report, as the product writes them: its own types, made-up contents.

Promises entries that `audit.entry.encode` accepts, with the inputs that policy would have been shown. Knows no faults.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final, Literal

import msgspec

from audit.entry import (
    DecisionEntry,
    Document,
    Entry,
    Obligation,
    OutcomeEntry,
    Reason,
    decision_id,
    document_digest,
)
from decision.output import passing
from decision.question import RequestQuestion, encode_question
from proof.histories.steps import Step

_MESSAGES: Final = {
    "request.data_not_granted": "The role {role} may {action} on {service}, but not the data class {data}.",
    "request.action_not_granted": "The role {role} may not {action} on {service}.",
    "request.service_not_granted": "The role {role} does not have the service {service}.",
    "request.output_invalid": "What would be sent is no proper {output}.",
    "pdp_unavailable": "Policy could not be asked.",
}


_SERVICES: Final = (1_048_576, 30_000)
_MODELS: Final = (10_485_760, 120_000)
"""Bytes of a body and milliseconds that services.yaml allows: by default, and where models answer."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One workflow of one role, and the policy that is said to be in force."""

    workflow: str
    role: str
    scope: dict[str, tuple[str, ...]]
    credential: str
    per_minute: int
    revision: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided, by whom; without a code it is an allow by policy."""

    source: Literal["policy", "gateway"] = "policy"
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Took:
    """How one call went."""

    ms: int
    sent: int
    given: int


def allowed(worker: Worker, step: Step, time_ms: int, took: Took, chance: Random) -> list[Entry]:
    """A call that was allowed and answered: the intent, then the outcome."""
    asked = _asked(worker, step, time_ms, took.sent, chance)
    intent = _decided(worker, asked, Answer(), time_ms, chance)
    outcome = OutcomeEntry(
        time=time_ms + took.ms,
        decision=intent.id,
        forwarded=True,
        result="completed",
        status=201 if step.output else 200,
        bytes_in=took.sent,
        bytes_out=took.given,
        ms=took.ms,
    )
    return [intent, outcome]


def denied(worker: Worker, step: Step, time_ms: int, code: str, chance: Random) -> Entry:
    """A call that was refused with that code: by policy, or by the gateway where policy could not be asked."""
    asked = _asked(worker, step, time_ms, step.sent, chance)
    if code == "request.output_invalid":
        problems = ["/title: is too short"]
        asked["validation"] = {
            **asked["validation"],
            "schema": "failed",
            "jury": "absent",
            "problems": problems,
        }
    source: Literal["policy", "gateway"] = "gateway" if code.startswith("pdp_") else "policy"
    message = _MESSAGES[code].format(
        role=worker.role, action=step.action, service=step.service, data=step.data, output=step.output
    )
    return _decided(worker, asked, Answer(source, code, message), time_ms, chance)


def new_id(chance: Random) -> str:
    """The name of a decision."""
    return decision_id(chance.randbytes(16))


@lru_cache(maxsize=256)
def _form(step: Step, role: str, scope: tuple[str, ...]) -> Document:
    """What is the same in every call of a role on a route."""
    question = RequestQuestion(
        now=0,
        workflow="",
        role=role,
        scope=scope,
        service=step.service,
        route=step.route,
        action=step.action,
        data=step.data,
        method=step.method,
        path=step.path,
        params={},
        query=step.query,
        body_bytes=step.sent,
        content_type="application/json" if step.sent else "",
        body_sha256=hashlib.sha256(b"").hexdigest() if step.output else "",
        validation=passing(step.output),
    )
    form: Document = msgspec.json.decode(encode_question(question))
    return form


def _asked(worker: Worker, step: Step, time_ms: int, sent: int, chance: Random) -> Document:
    form = _form(step, worker.role, worker.scope.get(step.service, ()))
    number = str(chance.randint(100, 9_999))
    return form | {
        "now": time_ms // 1000,
        "workflow": worker.workflow,
        "path": step.path.replace("{id}", number),
        "query": step.query.replace("{id}", number),
        "params": {"id": number} if "/{id}" in step.path else {},
        "body_bytes": sent,
    }


def _decided(worker: Worker, asked: Document, answer: Answer, time_ms: int, chance: Random) -> DecisionEntry:
    by_policy = answer.source == "policy"
    rule = f"request.rules.{answer.code.partition('.')[2]}" if by_policy else "gateway"
    reason = Reason(code=answer.code, rule=rule, message=answer.message, audience="agent")
    rate = {"key": f"role:{worker.role}", "limit": worker.per_minute, "window_s": 60, "cost": 1}
    owed = [Obligation(id="rate", type="rate_limit", properties=rate)] if worker.per_minute else []
    if not answer.code:
        credential = {"ref": worker.credential}
        owed.insert(0, Obligation(id="credential", type="inject_credential", properties=credential))
        most, patience_ms = _MODELS if asked["action"] == "infer" else _SERVICES
        owed.append(Obligation(id="body", type="max_body_bytes", properties={"limit": most}))
        owed.append(Obligation(id="time", type="timeout_ms", properties={"limit": patience_ms}))
    return DecisionEntry(
        time=time_ms,
        id=new_id(chance),
        kind="request",
        workflow=worker.workflow,
        role=worker.role,
        decision="deny" if answer.code else "allow",
        source=answer.source,
        reasons=[reason] if answer.code else [],
        obligations=owed if by_policy else [],
        input=asked,
        input_sha256=document_digest(asked),
        revision=worker.revision if by_policy else "",
    )

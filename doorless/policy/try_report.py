"""What would happen to a tried call, as a person or a program reads it; nothing is decided here."""

import sys
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from authoring.said import said_by
from decision.model import Decision, Hold
from doorless.child import printable
from doorless.policy.try_call import Outcome, Tried

Form = Literal["text", "json"]


def show(outcome: Outcome, tried: Tried, form: Form) -> None:
    """Print it."""
    if form == "json":
        text = msgspec.json.format(msgspec.json.encode(_document(outcome)), indent=2).decode()
        sys.stdout.write(text + "\n")
    else:
        sys.stdout.writelines(f"{printable(line)}\n" for line in _lines(outcome, tried))


def _document(outcome: Outcome) -> dict[str, Any]:
    decision = outcome.decision
    return {
        "version": "1",
        "decision": said_by(decision).decision,
        "reasons": decision.reasons,
        "obligations": said_by(decision).obligations,
        "hold": _terms(decision),
        "input": outcome.question,
        "revision": outcome.revision,
        "notes": outcome.notes,
    }


def _terms(decision: Decision) -> dict[str, Any] | None:
    if not isinstance(decision, Hold):
        return None
    return {
        "template": decision.template,
        "approvers": decision.approvers,
        "needed": decision.needed,
        "expires_in_s": decision.expires_in_s,
    }


def _lines(outcome: Outcome, tried: Tried) -> Iterator[str]:
    said = said_by(outcome.decision)
    yield f"{said.decision.upper()} {tried.method} {tried.service}{tried.path} as {tried.role}"
    question = outcome.question
    if question is not None:
        data = f", data {question.data}" if question.data else ""
        yield f"  route {question.route}: action {question.action}{data}"
    for note in outcome.notes:
        yield f"  {note}"
    for reason in outcome.decision.reasons:
        yield f"  {reason.message} [{reason.code}]"
        yield f"    by {reason.rule}, for the {reason.audience}"
        yield f"    do: {reason.remedy}"
    terms = _terms(outcome.decision)
    if terms is not None:
        people = ", ".join(terms["approvers"]) or "nobody: it would be denied"
        yield f"  waits {terms['expires_in_s']} s for {terms['needed']} of: {people} ({terms['template']})"
    if question is not None and question.validation.type:
        validation = question.validation
        yield f"  the body as {validation.type}: schema {validation.schema}, jury {validation.jury}"
    for obligation in said.obligations or ():
        yield f"  obliges to {obligation}"
    yield f"  by policy revision {outcome.revision}; nothing was sent and nothing recorded"

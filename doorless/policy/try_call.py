"""What `doorless policy try` does: describe a call as the gateway would, ask policy, and show what would happen.

Nothing is sent, nothing is recorded, and no running part is asked: OPA is one of our own, on the policies as they are
in the folder.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from audit.entry import decision_id
from authoring.asking import Engine, EngineLost, Question, engine_of
from checks.outputs import OutputSchemas, Said
from checks.validate import validate_agent_output
from decision.config import Configuration
from decision.model import Allow, Decision, Hold
from decision.output import EXAMPLE_SHA256, OutputValidation
from decision.question import RequestQuestion, TokenQuestion, encode_question
from decision.validation import unknown
from decision.yaml_source import ConfigErrors
from doorless.policy.replay import find_pinned_opa
from doorless.problem import Problem
from gateway.body import RequestBody
from gateway.call import Call, HoldCall, Known, SelfCall, describe
from gateway.caller import Caller, Grant
from gateway.outbound import searched
from gateway.request import RawRequest, Refused, Stamp
from gateway.scrub import Scrubber
from gateway.secret import Secret
from gateway.validation import fields_of, wants_jury

_WORKFLOW = "wf-tryaaaaaaaaaaaaaaaaaa"
_TTL_S = 300
_OF_CHANGES = frozenset({"create-pr", "merge-pr"})


@dataclass(frozen=True, slots=True)
class Tried:
    """The call as it was given on the command line."""

    role: str
    service: str
    method: str
    path: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would happen. `question` is what policy would be asked; None where it would not be."""

    decision: Decision
    question: RequestQuestion | None
    revision: str
    notes: tuple[str, ...]


def try_call(policies: Path, tried: Tried) -> Outcome:
    """What these policies say of the call. Raises `Problem`."""
    opa = find_pinned_opa()
    try:
        return asyncio.run(_try(opa, policies, tried))
    except ConfigErrors as errors:
        raise Problem("The policies do not load.", str(errors), "Mend the named lines.") from None
    except EngineLost as error:
        raise Problem("OPA gave no answer.", str(error), "`doorless doctor` checks again.") from None


async def _try(opa: Path, policies: Path, tried: Tried) -> Outcome:
    async with engine_of(opa, policies, processes=1) as (asked, bundle):
        configuration = bundle.configuration
        if tried.role not in configuration.roles:
            raise Problem(
                f"There is no role {tried.role}.",
                unknown("role", tried.role, configuration.roles),
                f"Name a role of {policies / 'roles.yaml'}.",
            )
        now = int(time.time())
        workflow = await _workflow(asked, tried.role, now)
        if not isinstance(workflow, Allow):
            note = "No workflow of this role can be started, so the call would never be made."
            return Outcome(workflow, None, bundle.revision, (note,))
        stamp = Stamp(decision_id(bytes(16)), now)
        caller = _caller(configuration, tried.role, now)
        match describe(_raw(tried), caller, Known(configuration.catalogue), stamp):
            case Refused(denial=denial):
                note = "The gateway refuses this by itself: policy is not asked."
                return Outcome(denial, None, bundle.revision, (note,))
            case SelfCall() | HoldCall():
                raise Problem(
                    "This is answered by the gateway.",
                    "Everybody may ask it.",
                    "Name a service and its path.",
                )
            case Call() as call:
                return await _judge(asked, await _described(call, tried), bundle.revision)


async def _workflow(asked: Engine, role: str, now: int) -> Decision:
    question = TokenQuestion(now=now, workflow=_WORKFLOW, role=role, only=(), ttl_s=_TTL_S, renewal=False)
    return (await asked.ask([Question("token", encode_question(question))]))[0]


def _caller(configuration: Configuration, role: str, now: int) -> Caller:
    """A workflow that was given its whole role."""
    compiled: Mapping[str, Any] = configuration.compiled["grants"]
    grants = {
        service: Grant(tuple(sorted(words)), now + _TTL_S, Secret("none"))
        for service, words in compiled.get(role, {}).items()
        if words
    }
    return Caller(_WORKFLOW, role, grants, now + _TTL_S)


def _raw(tried: Tried) -> RawRequest:
    headers = [(b"host", b"proxy")]
    if tried.body:
        headers.append((b"content-length", b"%d" % len(tried.body)))
    if tried.content_type:
        headers.append((b"content-type", tried.content_type.encode("latin-1", "replace")))
    slash = "" if tried.path.startswith("/") else "/"
    target = f"/{tried.service}{slash}{tried.path}".encode()
    return RawRequest(tried.method, target, tuple(headers))


async def _described(call: Call, tried: Tried) -> Call:
    """The call with what the gateway finds out about it before it asks: secrets in it, and its body's schema."""
    call = await searched(call, Scrubber(()), _body(tried.body))
    question = call.question
    if call.output and tried.body:
        said = Said(call.output, fields_of(call))
        found = await validate_agent_output(tried.body, said, OutputSchemas())
        problems = tuple(f"{error.pointer} {error.remedy}".strip() for error in found.errors)
        seen = OutputValidation(type=call.output, schema=found.schema, jury="absent", problems=problems)
        question = msgspec.structs.replace(question, body_sha256=found.digest, validation=seen)
    if call.irreversible:
        question = msgspec.structs.replace(question, call_sha256=EXAMPLE_SHA256)
    return replace(call, question=question)


async def _judge(asked: Engine, call: Call, revision: str) -> Outcome:
    question = call.question
    notes: list[str] = []
    decision = await _ask(asked, question)
    if wants_jury(decision):
        passed = msgspec.structs.replace(question.validation, jury="passed")
        question = msgspec.structs.replace(question, validation=passed)
        decision = await _ask(asked, question)
        notes.append("The jury would be asked. What is said here holds where it passes the document.")
    if isinstance(decision, Hold) and not question.call_sha256:
        question = msgspec.structs.replace(question, call_sha256=EXAMPLE_SHA256)
        decision = await _ask(asked, question)
    if call.git is not None and call.git.is_push:
        notes.append("What is pushed is judged once more, as a change: `doorless check` says how.")
    if call.output in _OF_CHANGES and call.service.git is not None:
        notes.append("The change that it is about is judged too, beside the call: `doorless check` says how.")
    return Outcome(decision, question, revision, tuple(notes))


async def _ask(asked: Engine, question: RequestQuestion) -> Decision:
    return (await asked.ask([Question("request", encode_question(question))]))[0]


def _body(content: bytes) -> RequestBody:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    return RequestBody(receive, len(content))

"""A change of any repository, checked: identify, describe, decide, record, act.

The same facts and the same question as for a push through the gateway; the act is the answer itself. Promises that a
pass was decided by policy on complete facts, and that nothing which could not be found out looks like one.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from checks.change import Change, ScanSecrets, Update
from checks.evidence import Evidence
from checks.facts import describe
from checks.faults import CannotDescribe
from checks.gather import KINDS, Commits, Place, Progress, gather
from checks.policy_change import proven
from checks.predicates import about, decision_predicate, evidence_predicate
from checks.record import LogUnavailable, Recorder
from checks.result import CheckResult, failures_of, verdict_of
from checks.statement import Signer, seal, statement
from checks.store import resolve
from decision.change import ChangeFacts, DescribedChange, Person
from decision.model import Decision
from decision.pdp_model import Policy
from decision.question import ChangeQuestion


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person, a CI job or a bot asks: may this change be proposed under this role?"""

    repository: Path
    base: str
    """A branch, a tag or an id."""
    head: str
    role: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What a check is done with. Without a signer its statements are not signed."""

    policy: Awaitable[Policy]
    """Comes when it is ready: an engine starts while the change is described."""
    scan: ScanSecrets
    recorder: Recorder
    signer: Signer | None
    place: Place
    progress: Progress


class CouldNotRun(Exception):
    """There is no answer: code, message and remedy. Never a pass."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


async def check(asked: Asked, parts: Parts) -> CheckResult:
    """The result of one check. Raises `CouldNotRun`. Main thread only, because tests run in rooms."""
    begun = time.monotonic()
    commits = await _identify(asked)
    described, evidence = await _describe(commits, asked, parts)
    question = _question(asked, described, evidence)
    policy = await parts.policy
    decision = await policy.decider.ask(question)
    entry = await _record(question, decision, policy, parts)
    result = _result(asked, described.facts, evidence, decision)
    result = replace(result, revision=policy.revision, decision=entry, recorded=bool(entry))
    sealed = await _state(result, parts)
    return replace(result, statements=sealed, ms=round((time.monotonic() - begun) * 1000))


async def _identify(asked: Asked) -> Commits:
    """The commits that the names mean now."""
    try:
        base = await asyncio.to_thread(resolve, asked.repository, asked.base)
        head = await asyncio.to_thread(resolve, asked.repository, asked.head)
    except CannotDescribe as error:
        raise CouldNotRun(error.code, error.message, error.remedy) from None
    for code, name, commit in (("base_missing", asked.base, base), ("head_missing", asked.head, head)):
        if not commit:
            message = f"{asked.repository} has no commit {name!r}."
            raise CouldNotRun(code, message, f"Name another one, or fetch it: git fetch origin {name}")
    return Commits(asked.repository, None, base, head)


async def _describe(
    commits: Commits, asked: Asked, parts: Parts
) -> tuple[DescribedChange, tuple[Evidence, ...]]:
    """The facts of git, and the evidence of the checks; found side by side, because each takes its time."""
    nothing = "0" * len(commits.head)
    update = Update("refs/heads/check", nothing, commits.head)
    change = Change(commits.repository, None, asked.base, commits.base, (update,))
    described = asyncio.create_task(asyncio.to_thread(_described, change, parts))
    try:
        evidence = await gather(commits, KINDS, parts.place, parts.progress)
        return await described, evidence
    except CannotDescribe as error:
        raise CouldNotRun(error.code, error.message, error.remedy) from None
    finally:
        described.cancel()


def _described(change: Change, parts: Parts) -> DescribedChange:
    facts = describe(change, parts.scan)
    return DescribedChange(facts=facts, protected_change=proven(change, facts, parts.place.environment))


def _question(asked: Asked, described: DescribedChange, evidence: Sequence[Evidence]) -> ChangeQuestion:
    semgrep = [finding for each in evidence if each.kind == "semgrep" for finding in each.findings]
    return ChangeQuestion(
        now=int(time.time()),
        workflow="",
        role=asked.role,
        scope=(),
        service="",
        repository="",
        action="check",
        data="",
        via="check",
        identity=Person(name="", email=""),
        namespace="",
        facts=described.facts,
        findings=tuple(semgrep),
        evidence={each.kind: each.state for each in evidence},
        # What the base asks for must have passed; what nobody asked for is listed and demanded of nobody.
        require=tuple(each.kind for each in evidence if each.state != "not_configured"),
        protected_change=described.protected_change,
    )


async def _record(question: ChangeQuestion, decision: Decision, policy: Policy, parts: Parts) -> str:
    try:
        return await parts.recorder.record(question, decision, policy.revision)
    except LogUnavailable as error:
        raise _unrecorded(error) from None


def _result(
    asked: Asked, facts: ChangeFacts, evidence: tuple[Evidence, ...], decision: Decision
) -> CheckResult:
    return CheckResult(
        verdict=verdict_of(decision),
        role=asked.role,
        base=facts.base.commit,
        merge_base=facts.merge_base,
        head=facts.head,
        files=facts.totals.files,
        lines=facts.totals.lines,
        commits=len(facts.commits),
        failures=failures_of(decision),
        evidence=evidence,
        recorded=False,
        decision="",
        revision="",
    )


async def _state(result: CheckResult, parts: Parts) -> tuple[dict[str, Any], ...]:
    """A statement about the decision and one about each check that ran; named in the log where there is one."""
    known = about(result)
    predicates = (decision_predicate(result), *(evidence_predicate(each, known) for each in result.evidence))
    sealed = tuple(seal(statement(result.head, predicate), parts.signer) for predicate in predicates)
    try:
        await parts.recorder.record_statements(result.decision, sealed)
    except LogUnavailable as error:
        raise _unrecorded(error) from None
    return sealed


def _unrecorded(error: LogUnavailable) -> CouldNotRun:
    message = f"The check could not be recorded: {error}."
    return CouldNotRun("not_recorded", message, "Start `doorless up` on this home, or check without a home.")

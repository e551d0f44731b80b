"""Where a document is judged: is a jury wanted, what do the jurors say, what does policy make of it, and is it recorded.

The verdict is policy's, never ours; one that could not be recorded is none. A document is judged once: whoever asks
again about the same bytes hears the same, so that nobody asks until the answer suits.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, assert_never

import msgspec

from checks.jury.debate import Ask, Debate, Record, nobody
from checks.jury.evidence import evidence_of
from checks.jury.model import Case, Roster
from checks.jury.seats import NoSeat
from checks.outputs import Said
from checks.validate import JuryResult, JuryState
from decision.jury import JuryQuestion
from decision.model import Allow, Decision, Deny, Hold

REMEMBERED = 200
"""Judged documents whose verdict is kept."""
AT_A_TIME = 2
"""Deliberations under way; others wait."""
MOST_WAITING = 20

_NOT_ASKED = "jury.not_asked"
_VETO = "jury.veto"


class Policy(Protocol):
    """What policy makes of votes."""

    async def decide(self, question: JuryQuestion) -> tuple[Decision, str]:
        """The decision, and the revision of the policy that gave it."""
        ...


class Deliberation(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict with all that led to it, as it is recorded."""

    question: JuryQuestion
    evidence_sha256: str
    """Of the text that all jurors were shown."""
    state: JuryState
    revision: str
    record: Record | None


Keep = Callable[[Deliberation], Awaitable[None]]
"""Makes a deliberation durable. Raises `LogUnavailable`, or whatever keeps it from that."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a court needs from outside."""

    policy: Policy
    keep: Keep
    jurors: "Callable[[Roster], Hearing]"
    mark: Callable[[], str]
    now: Callable[[], int]


class Hearing(Protocol):
    """The jurors of one case, as long as they are in the room."""

    async def __aenter__(self) -> Ask:
        """They can be asked. Raises `NoSeat`."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """They leave."""
        ...


class Court:
    """Judges documents. `roster` is None where the operator declared no jury."""

    def __init__(self, roster: Roster | None, bench: Bench) -> None:
        self._roster = roster
        self._bench = bench
        self._room = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0
        self._judged: OrderedDict[tuple[str, str, str, str], asyncio.Task[JuryResult]] = OrderedDict()

    async def judge(self, output: bytes, said: Said) -> JuryResult:
        """What the jury says of a document whose schema holds; see `checks.validate.Jury`."""
        case = Case(said.type, evidence_of(output, said.change))
        digest = hashlib.sha256(output).hexdigest()
        decision, revision = await self._bench.policy.decide(self._question(case, digest))
        match _state(decision):
            case "passed":
                return JuryResult(state="absent", message="Policy asks for no jury here.")
            case "not_asked" if self._roster is None:
                return JuryResult(state="not_configured", message="No jury is declared in this home.")
            case "not_asked":
                return await self._once(case, digest, revision)
            case _:
                return JuryResult(
                    state="absent", message="Policy could not be asked whether a jury is wanted."
                )

    async def _once(self, case: Case, digest: str, revision: str) -> JuryResult:
        """The one deliberation on these bytes under this policy, which goes on though nobody waits for it any more."""
        name = (case.type, digest, _sha256(case.evidence), revision)
        task = self._judged.get(name)
        if task is None or _failed(task):
            if self._waiting >= MOST_WAITING:
                return JuryResult(state="no_verdict", message="Too many documents wait for the jury.")
            self._waiting += 1  # here, not in the task: many may ask before the first of them runs
            task = self._judged[name] = asyncio.create_task(self._in_turn(case, digest))
            while len(self._judged) > REMEMBERED:
                self._judged.popitem(last=False)
        return await asyncio.shield(task)

    async def _in_turn(self, case: Case, digest: str) -> JuryResult:
        try:
            async with self._room:
                return await self._deliberate(case, digest)
        finally:
            self._waiting -= 1

    async def _deliberate(self, case: Case, digest: str) -> JuryResult:
        assert self._roster is not None
        record: Record | None = None
        try:
            async with self._bench.jurors(self._roster) as ask_juror:
                record = await Debate(self._roster, case, self._bench.mark(), ask_juror).run()
            votes, message = record.votes, ""
        except NoSeat as error:
            votes, message = nobody(self._roster), f"The jury could not be seated: {error}."
        question = msgspec.structs.replace(self._question(case, digest), votes=votes)
        decision, revision = await self._bench.policy.decide(question)
        state = _state(decision)
        found: JuryState = "no_verdict" if state == "not_asked" else state
        done = Deliberation(
            question=question,
            evidence_sha256=_sha256(case.evidence),
            state=found,
            revision=revision,
            record=record,
        )
        try:
            await self._bench.keep(done)
        except Exception as error:  # noqa: BLE001 - whatever kept it from the log, an unrecorded verdict is none
            return JuryResult(state="no_verdict", message=f"It was not recorded ({type(error).__name__}).")
        return JuryResult(state=found, message=message or _words(decision), record=_raw(done))

    def _question(self, case: Case, digest: str) -> JuryQuestion:
        jurors = self._roster.jurors if self._roster else ()
        roster = tuple(juror.fact for juror in jurors)
        return JuryQuestion(now=self._bench.now(), type=case.type, digest=digest, roster=roster, votes=())


def _state(decision: Decision) -> Literal["passed", "veto", "no_verdict", "not_asked"]:
    match decision:
        case Allow():
            return "passed"
        case Hold():
            return "no_verdict"
        case Deny(reasons=reasons):
            codes = {reason.code for reason in reasons}
            return "veto" if _VETO in codes else "not_asked" if codes == {_NOT_ASKED} else "no_verdict"
        case _ as never:
            assert_never(never)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _words(decision: Decision) -> str:
    return " ".join(reason.message for reason in decision.reasons)


def _failed(task: "asyncio.Task[JuryResult]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _raw(done: Deliberation) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(done))

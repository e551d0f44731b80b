"""A candidate policy in the shadow of the one in force: asked the same questions, later, and never listened to.

Promises that nothing waits for it. What it answers is counted; where it would have decided otherwise, the log says so.
One at a time; a gateway that starts anew asks none.
"""

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from decision.bundle import build_bundle
from decision.model import Decision, Deny
from decision.opa_child import ChildError
from decision.served import CanaryError, Served, serve
from decision.yaml_source import ConfigError, ConfigErrors
from gateway.record import Recorder
from gateway.shadow.asking import CandidateLine, stand_back
from gateway.shadow.counts import Counts
from gateway.shadow.queue import Answered, ShadowQueue

MAX_BATCH: Final = 32
PAUSE_S: Final = 0.02
"""How long questions may gather, until they are as many: together they cost the gateway a tenth, and OPA half."""
COUNTED_EVERY_S: Final = 60.0
MOST_RECORDED: Final = 100
"""Flips of one kind that have an event each; the others are counted."""
MOST_UNANSWERED: Final = 3
"""Exchanges without any answer, one after the other, that end a shadow."""


class ShadowRefused(Exception):
    """What was asked of the shadow cannot be done now; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class CandidateHome:
    """What a candidate's engine is made of and where it lives."""

    opa: Path
    bundles: Path
    run: Path


@dataclass(slots=True)
class _Run:
    """One candidate, from its start on."""

    policies: str
    served: Served
    line: CandidateLine
    since: int
    counts: Counts
    told: dict[str, int]
    """The numbers that the log was told last."""
    problem: str = ""
    over: bool = False

    @property
    def revision(self) -> str:
        return self.served.bundle.revision


class Shadow:
    """The one candidate of a gateway. Used on one event loop."""

    def __init__(self, place: CandidateHome, queue: ShadowQueue, recorder: Recorder) -> None:
        self._place = place
        self._queue = queue
        self._recorder = recorder
        self._changing = asyncio.Lock()
        self._run: _Run | None = None
        self._work: asyncio.Task[None] | None = None

    async def start(self, policies: Path) -> None:
        """Ask the policies of a folder, named by an absolute path, from here on.

        Raises ConfigErrors (they cannot be used), ShadowRefused, LogUnavailable. Then nothing is asked.
        """
        if not policies.is_absolute():
            raise ShadowRefused("shadow.path", "The folder of policies must be named by an absolute path.")
        async with self._changing:
            if self._work is not None and not self._work.done():
                raise ShadowRefused("shadow.running", "A candidate is asked already.")
            token = secrets.token_urlsafe(32)
            served = await self._serve(policies, token)
            try:
                stand_back(served.child.pid)
                revision = served.bundle.revision
                await self._recorder.event("shadow.started", revision=revision, policies=str(policies))
            except BaseException:
                await served.kill()
                raise
            line = CandidateLine(served.child.socket_path, token)
            run = _Run(str(policies), served, line, int(time.time()), Counts(), {})
            self._queue.begin()
            self._run, self._work = run, asyncio.create_task(self._keep(run))

    async def stop(self) -> None:
        """Ask no more. Raises ShadowRefused where nothing is asked."""
        async with self._changing:
            if self._work is None or self._work.done():
                raise ShadowRefused("shadow.off", "No candidate is asked.")
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work

    async def close(self) -> None:
        """Leave nothing running."""
        with contextlib.suppress(ShadowRefused):
            await self.stop()

    def status(self) -> dict[str, Any]:
        """What is asked and what came of it; of one that is over, what came of it until then."""
        run = self._run
        if run is None:
            return {"state": "off"}
        return {
            "state": "ended" if run.over else "running",
            "problem": run.problem,
            "policies": run.policies,
            "revision": run.revision,
            "since": run.since,
            "waiting": len(self._queue),
            "skipped": self._queue.skipped,
            "not_compared": self._queue.not_compared,
            **run.counts.shown(),
        }

    async def _serve(self, policies: Path, token: str) -> Served:
        place = self._place
        bundle = await asyncio.to_thread(build_bundle, policies, place.bundles, place.opa)
        try:
            return await serve(place.opa, bundle, place.run / "opa-shadow", token)
        except (ChildError, CanaryError) as error:
            raise ConfigErrors((ConfigError(str(policies), 1, 1, str(error)),)) from error

    async def _keep(self, run: _Run) -> None:
        """Ask until it is stopped or cannot answer any more, then put everything away."""
        exited = asyncio.ensure_future(run.served.child.exited())
        asking = asyncio.create_task(self._ask_on(run))
        telling = asyncio.create_task(self._tell_on(run))
        parts: tuple[asyncio.Future[Any], ...] = (exited, asking, telling)
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            run.problem = _problem(exited, asking)
        finally:
            self._queue.end()
            run.over = True
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await run.line.close()
            await run.served.kill()
            self._tell("shadow.stopped", run, problem=run.problem)

    async def _ask_on(self, run: _Run) -> None:
        """Ask what waits, for as long as there are answers."""
        unanswered = 0
        while unanswered < MOST_UNANSWERED:
            if len(self._queue) < MAX_BATCH:
                await asyncio.sleep(PAUSE_S)
            batch = self._queue.take(MAX_BATCH)
            if not batch:
                continue
            decisions = await run.line.ask([each.question for each in batch])
            for answered, decision in zip(batch, decisions, strict=True):
                self._count(run, answered, decision)
            unanswered = unanswered + 1 if all(map(_is_none, decisions)) else 0

    def _count(self, run: _Run, answered: Answered, decision: Decision) -> None:
        found = run.counts.count(answered, decision)
        if found is None or found[1] > MOST_RECORDED:
            return
        flip, _ = found
        self._recorder.event_later(
            "shadow.flip",
            answered.question.workflow,
            decision=answered.id,
            role=flip.role,
            live=flip.live,
            candidate=flip.candidate,
            rule=flip.rule,
            live_revision=answered.revision,
            revision=run.revision,
        )

    async def _tell_on(self, run: _Run) -> None:
        while True:
            await asyncio.sleep(COUNTED_EVERY_S)
            if self._totals(run) != run.told:
                self._tell("shadow.counted", run)

    def _tell(self, event: str, run: _Run, **more: str) -> None:
        run.told = self._totals(run)
        detail: dict[str, str | int] = {"revision": run.revision, **run.told, **more}
        self._recorder.event_later(event, "", **detail)

    def _totals(self, run: _Run) -> dict[str, int]:
        queue = self._queue
        return {**run.counts.totals(), "skipped": queue.skipped, "not_compared": queue.not_compared}


def _is_none(decision: Decision) -> bool:
    """Whether there was no answer at all: not even a wrong one."""
    return isinstance(decision, Deny) and decision.reasons[0].code == "pdp_unavailable"


def _problem(exited: "asyncio.Future[int]", asking: "asyncio.Task[None]") -> str:
    """Why a shadow ended by itself."""
    if exited.done():
        return f"The candidate's engine ended with code {exited.result()}."
    if asking.done() and asking.exception() is not None:
        return f"A defect while it was asked: {asking.exception()!r}"
    return "The candidate's engine did not answer any more."

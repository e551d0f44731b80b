"""One policy engine in service: a child, the decider that asks it, and the checks that it must keep passing.

It is born only after every canary was answered rightly. It says when it must not be asked any more; what
follows from that is the supervisor's business.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from decision.bundle import Bundle
from decision.canaries import Canary, canaries, judge
from decision.decider import Closed
from decision.model import Decision, Deny
from decision.opa_child import OpaChild, start_child
from decision.pdp_model import Policy
from decision.socket_decider import SocketDecider

CANARIES_EVERY_S = 60.0
_HEALTH_EVERY_S = 0.5
_LINGER_S = 0.5
_CANARY_ATTEMPTS = 3


class CanaryError(Exception):
    """Policy answered a known question wrongly; the text says which and how."""


class CanaryUnanswered(CanaryError):
    """Policy did not answer a known question in time: busy or hung, which others watch, but not wrong."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Why an engine must not be asked any more: its process ended, it hung, or it was wrong."""

    cause: Literal["exited", "hung", "canary"]
    message: str


class Served:
    """A running engine on one bundle. Made by `serve`."""

    def __init__(self, bundle: Bundle, child: OpaChild, decider: SocketDecider) -> None:
        self.bundle = bundle
        self.child = child
        self._decider = decider
        self.policy = Policy(bundle.revision, bundle.configuration, decider)
        self.closed_policy = Policy(bundle.revision, bundle.configuration, Closed())

    async def ended(self) -> Ended:
        """Return when the engine must not be asked any more. It may still be running then."""
        checks = [
            asyncio.create_task(check) for check in (self._exits(), self._hangs(), self._answers_wrongly())
        ]
        try:
            done, _ = await asyncio.wait(checks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for check in checks:
                check.cancel()
            await asyncio.gather(*checks, return_exceptions=True)

    async def check_canaries(self) -> None:
        """Ask every canary alone, then all together as load would. Raises `CanaryError`."""
        known = canaries(self.bundle.configuration, int(time.time()))
        for canary in known:
            await self._check(canary)
        await asyncio.gather(*(self._check(canary) for canary in known))

    async def retire(self) -> None:
        """Stop, but lose nothing: who took this policy for a request may still ask; answers are awaited."""
        try:
            await asyncio.sleep(_LINGER_S)
            await self._decider.drain()
        finally:
            await self.discard()

    async def discard(self) -> None:
        """Stop now; what is being asked is denied."""
        await self._decider.close()
        await self.child.stop()

    async def kill(self) -> None:
        """Stop an engine that may not even listen to being stopped."""
        self.child.kill()
        await self.discard()

    async def _check(self, canary: Canary) -> None:
        for _ in range(_CANARY_ATTEMPTS):
            decision = await self._decider.ask(canary.question)
            wrong = judge(canary, decision)
            if wrong is None:
                return
            if not _unanswered(decision):
                raise CanaryError(wrong)
        raise CanaryUnanswered(wrong)

    async def _exits(self) -> Ended:
        return Ended("exited", f"OPA ended with code {await self.child.exited()}")

    async def _hangs(self) -> Ended:
        while True:
            await asyncio.sleep(_HEALTH_EVERY_S)
            # Twice, so that a pause of our own process is not taken for the engine's.
            if not await self.child.healthy() and not await self.child.healthy():
                return Ended("hung", "OPA did not answer a health question for a second")

    async def _answers_wrongly(self) -> Ended:
        while True:
            await asyncio.sleep(CANARIES_EVERY_S)
            try:
                await self.check_canaries()
            except CanaryUnanswered:
                continue  # under heavy load a canary waits like any question; a hang is found by `_hangs`
            except CanaryError as error:
                return Ended("canary", str(error))


async def serve(opa: Path, bundle: Bundle, folder: Path, token: str) -> Served:
    """Start an engine on `bundle` in `folder` and return it once its canaries are right.

    Raises `ChildError`, `CanaryError`; nothing is left running then.
    """
    child = await start_child(opa, bundle.path, folder, token)
    served = Served(bundle, child, SocketDecider(child.socket_path, token))
    try:
        await served.check_canaries()
    except BaseException:
        await served.kill()
        raise
    return served


def _unanswered(decision: Decision) -> bool:
    """Nothing was said, rightly or wrongly: a busy machine, not a wrong policy."""
    return isinstance(decision, Deny) and decision.reasons[0].code == "pdp_unavailable"

"""The supervisor of the policy engine: one child, one revision, swapped whole, healed when it falls.

What is in force is one attribute, changed in one assignment. A change that does not build, start or answer
the canaries rightly never is. While nothing right is running, every question is denied.
"""

import asyncio
import contextlib
import logging
import secrets
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

from decision.bundle import Bundle, build_bundle
from decision.opa_child import ChildError, check_socket_path
from decision.pdp_model import (
    Activated,
    CanaryFailed,
    PdpClosed,
    PdpEvent,
    PdpRestarted,
    Policy,
    PolicyActivated,
    PolicyRefused,
    Refused,
    Reloaded,
    Unchanged,
)
from decision.publication import Publication
from decision.served import CanaryError, Ended, Served, serve
from decision.watch import FolderWatch
from decision.yaml_source import ConfigError, ConfigErrors

Report = Callable[[PdpEvent], Awaitable[None]]

_FREE_RESTARTS = 3
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_REMEMBERED_S = 60.0

_log = logging.getLogger(__name__)


class Pdp:
    """Keeps an OPA running on the policies folder. Used on one event loop, on the main thread."""

    def __init__(self, policies: Path, bundles: Path, run: Path, opa: Path, report: Report) -> None:
        self.current: Policy | None = None
        """What is in force; `None` until the first policy is. While closed its decider denies everything."""
        self._policies = policies
        self._bundles = bundles
        self._run = run
        self._opa = opa
        self._report = report
        self._token = secrets.token_urlsafe(32)
        self._publication = Publication(run)
        self._watch = FolderWatch(policies)
        self._changing = asyncio.Lock()
        self._served: Served | None = None
        self._children = 0
        self._restarts: deque[float] = deque()
        self._supervising: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._retiring: asyncio.Task[None] | None = None

    async def start(self) -> Activated | Refused:
        """Bring the policies into force and begin to watch them. Refused: they are still watched.

        Raises `ChildError` if the run folder cannot hold a socket.
        """
        check_socket_path(self._run / "opa-9999")
        self._run.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left_over in self._run.glob("opa-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        self._publication.withdraw()
        self._publication.write_token(self._token)
        result = await self.reload()
        self._watching = asyncio.create_task(self._follow_changes())
        return Activated(result.revision) if isinstance(result, Unchanged) else result

    async def reload(self) -> Reloaded:
        """Bring what the folder holds now into force, or say why not. One at a time; never half."""
        async with self._changing:
            self._watch.mark()
            try:
                bundle = await asyncio.to_thread(build_bundle, self._policies, self._bundles, self._opa)
            except ConfigErrors as found:
                return await self._refuse(found.errors)
            if self._served is not None and self._served.bundle.revision == bundle.revision:
                return Unchanged(bundle.revision)
            return await self._activate(bundle)

    async def stop(self) -> None:
        """End the engine and everything of this supervisor; what is being asked is denied."""
        await _cancel(self._watching)
        async with self._changing:
            await _cancel(self._supervising)
            self._close()
            await _cancel(self._retiring)
            if self._served is not None:
                await self._served.discard()
                self._served = None
            self._publication.end()

    async def _activate(self, bundle: Bundle) -> Activated | Refused:
        try:
            served = await self._serve(bundle)
        except (ChildError, CanaryError) as error:
            return await self._refuse((ConfigError(str(self._policies), 1, 1, str(error)),))
        try:
            await self._report(PolicyActivated(bundle.revision))
        except BaseException as error:
            await served.kill()
            if not isinstance(error, Exception):
                raise
            _log.exception("a policy was not activated, because that could not be recorded")
            message = f"the activation could not be recorded: {error}"
            return Refused((ConfigError(str(self._policies), 1, 1, message),))
        await self._replace_by(served)
        return Activated(bundle.revision)

    async def _replace_by(self, served: Served) -> None:
        if self._retiring is not None:
            await self._retiring  # at most one old engine beside the one in force
        await _cancel(self._supervising)
        old = self._served
        self._enter(served)
        self._supervising = asyncio.create_task(self._supervise(served))
        if old is not None:
            self._retiring = asyncio.create_task(old.retire())

    def _enter(self, served: Served) -> None:
        self._served = served
        self.current = served.policy
        self._publication.point_to(served.child.socket_path, served.bundle.revision)

    def _close(self) -> None:
        self._publication.withdraw()
        if self._served is not None:
            self.current = self._served.closed_policy

    async def _refuse(self, errors: tuple[ConfigError, ...]) -> Refused:
        await self._tell(PolicyRefused(errors))
        return Refused(errors)

    async def _serve(self, bundle: Bundle) -> Served:
        self._children += 1
        return await serve(self._opa, bundle, self._run / f"opa-{self._children}", self._token)

    async def _supervise(self, served: Served) -> None:
        while True:
            ended = await served.ended()
            self._close()
            await served.kill()
            if ended.cause == "canary":
                await self._tell(CanaryFailed(served.bundle.revision, ended.message))
                await self._tell(PdpClosed(served.bundle.revision, ended.message))
            served = await self._revive(served.bundle, ended)

    async def _revive(self, bundle: Bundle, ended: Ended) -> Served:
        """Serve the same bundle again, however often it takes."""
        attempts = 0
        while True:
            attempts += 1
            await asyncio.sleep(self._delay())
            try:
                served = await self._serve(bundle)
                self._enter(served)
            except (ChildError, CanaryError, OSError) as error:
                if attempts == 1:
                    await self._tell(PdpClosed(bundle.revision, str(error)))
                continue
            await self._tell(PdpRestarted(bundle.revision, ended.message, attempts))
            return served

    def _delay(self) -> float:
        """How long to wait before one more restart, in seconds: a few are free, a storm slows down."""
        now = time.monotonic()
        while self._restarts and self._restarts[0] < now - _REMEMBERED_S:
            self._restarts.popleft()
        self._restarts.append(now)
        return restart_delay(len(self._restarts))

    async def _follow_changes(self) -> None:
        while True:
            try:
                await self._watch.changed()
                await self.reload()
            except Exception:  # noqa: BLE001 - a watcher that died unseen would leave every later change without effect
                _log.exception("a change of the policies could not be followed; the policy in force stays")
                await asyncio.sleep(_FIRST_DELAY_S)

    async def _tell(self, event: PdpEvent) -> None:
        """Report what has happened already: a log that fails must not keep the engine from healing."""
        try:
            await self._report(event)
        except Exception:  # noqa: BLE001 - whatever the log raises, healing goes on
            _log.exception("an event of the policy engine could not be recorded")


def restart_delay(restarts_in_last_minute: int) -> float:
    """Seconds to wait before a restart that is the n-th within a minute."""
    beyond = restarts_in_last_minute - _FREE_RESTARTS
    return min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2 ** (beyond - 1)) if beyond > 0 else 0.0


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

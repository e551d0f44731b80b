"""When the tree is sealed: at most so long after the first record that no checkpoint covers, sooner under load.

The tree grows on the loop, after the replies; files are written by one thread of its own (docs/decisions/0013). Promises
that what waits for that thread is bounded, and that its first failure is told to the loop and is the end.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from audit.faults import LogFault, LogPoisoned
from audit.publisher import Publisher
from audit.tree import Tree

SEAL_AFTER_S: Final = 0.5  # a checkpoint at least every second while there is traffic, writing it included
SEAL_AT_BYTES: Final = 8 * 1024 * 1024  # of entries that wait: then at once
SEAL_AT_RECORDS: Final = 16_384
WAIT_FACTOR: Final = 2  # with so much more waiting, appending waits until the thread has caught up

LetGo = Callable[[int], tuple[Path, ...]]
"""Takes the size that is sealed; gives the segments that may be removed."""


class Sealer:
    """Belongs to one event loop. `on_failure` is called there, once."""

    def __init__(
        self, tree: Tree, publisher: Publisher, let_go: LetGo, on_failure: Callable[[LogFault], None]
    ) -> None:
        self._tree = tree
        self._publisher = publisher
        self._let_go = let_go
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sealer")
        self._running: Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failure: LogFault | None = None
        self._published = self._under_way = tree.sealed

    def take(self, entries: Sequence[bytes]) -> None:
        """Hear of records that became durable, in the order of the journal."""
        self._tree.grow(entries)
        if self._exceeds(1):
            if self._running is not None and self._exceeds(WAIT_FACTOR):
                self._wait()
            self._seal()
        elif self._timer is None:
            self._timer = self._loop.call_later(SEAL_AFTER_S, self._seal)

    def finish(self) -> None:
        """Seal everything that was taken, and end the thread. Raises LogFault where that fails."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            while self._running is not None or (self._tree.pending and self._failure is None):
                self._seal()
                self._wait()
        finally:
            self._thread.shutdown()
        if self._failure is not None:
            raise self._failure

    def _exceeds(self, factor: int) -> bool:
        tree = self._tree
        return tree.pending_bytes > SEAL_AT_BYTES * factor or tree.pending > SEAL_AT_RECORDS * factor

    def _seal(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._running is not None or self._failure is not None or not self._tree.pending:
            return
        sealing = self._tree.cut()
        self._running = running = self._thread.submit(
            self._publisher.publish, sealing, self._let_go(self._published)
        )
        self._under_way = sealing.size
        running.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._settle, running))

    def _wait(self) -> None:
        """Wait for the thread, with the loop standing still: nothing else bounds what waits."""
        if self._running is not None:
            running = self._running
            running.exception()
            self._settle(running)

    def _settle(self, ended: "Future[None]") -> None:
        if ended is not self._running:
            return  # it was waited for already
        self._running = None
        error = ended.exception()
        if error is not None:
            self._failure = _fault_of(error)
            self._on_failure(self._failure)
            return
        self._published = self._under_way
        if self._exceeds(1):
            self._seal()
        elif self._tree.pending and self._timer is None:
            self._timer = self._loop.call_later(SEAL_AFTER_S, self._seal)


def _fault_of(error: BaseException) -> LogFault:
    """The fault that any failure of the thread is: nothing that it may raise leaves the log fit to go on."""
    return error if isinstance(error, LogFault) else LogPoisoned(f"the log is poisoned: {error}")

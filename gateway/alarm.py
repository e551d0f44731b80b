"""One deadline of a connection: set, called off, or rung. Knows the loop's clock and nothing else."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `ring` once, `after_s` seconds after it was set, unless it is called off before."""

    __slots__ = ("_after_s", "_handle", "_loop", "_ring")

    def __init__(self, loop: asyncio.AbstractEventLoop, after_s: float, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._after_s = after_s
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Begin to count; an alarm that counts already goes on as it does."""
        if self._handle is None:
            self._handle = self._loop.call_later(self._after_s, self._rung)

    def call_off(self) -> None:
        """Forget it."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _rung(self) -> None:
        self._handle = None
        self._ring()

"""Who learns of a hold, and whether anybody did: delivery is an event, and so is that it reached nobody.

Nothing is polled: whoever watches has a queue, and one short timer per new hold looks once whether it was told.
"""

import asyncio
import logging

from gateway.holding.holds import Hold
from gateway.record import Recorder

UNDELIVERED_AFTER_S = 30
"""A hold that reached nobody for so long is an alarm."""

_LOGGER = logging.getLogger("gateway.holding.approvals")


class Notices:
    """The notices of one gateway's holds."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._told: set[str] = set()
        self._watchers: set[asyncio.Queue[Hold]] = set()

    def watch(self) -> "asyncio.Queue[Hold]":
        """A queue of holds that are opened from now on. Give it back with `unwatch`."""
        queue: asyncio.Queue[Hold] = asyncio.Queue()
        self._watchers.add(queue)
        return queue

    def unwatch(self, queue: "asyncio.Queue[Hold]") -> None:
        """Nobody reads it any more."""
        self._watchers.discard(queue)

    def announce(self, hold: Hold) -> None:
        """A hold waits from now on."""
        for queue in self._watchers:
            queue.put_nowait(hold)
        asyncio.get_running_loop().call_later(UNDELIVERED_AFTER_S, self._check_delivery, hold)

    def told(self, hold: Hold, whom: str) -> None:
        """One who may approve it was shown a hold: the first time is recorded as its delivery."""
        name = hold.opened.hold
        if name not in self._told:
            self._told.add(name)
            self._recorder.event_later("hold.delivered", hold.opened.workflow, hold=name, to=whom)

    def remember(self, hold: str) -> None:
        """The log says that it was delivered."""
        self._told.add(hold)

    def expired(self, hold: Hold) -> None:
        """Its time is over: an event where nobody decided it, which says whether anybody knew of it."""
        name = hold.opened.hold
        if hold.undecided:
            told = int(name in self._told)
            self._recorder.event_later("hold.expired_undecided", hold.opened.workflow, hold=name, told=told)
        self._told.discard(name)

    def _check_delivery(self, hold: Hold) -> None:
        opened = hold.opened
        if hold.undecided and opened.hold not in self._told:
            _LOGGER.warning(
                "the hold %s reached nobody: `doorless approvals watch` shows new ones", opened.hold
            )
            self._recorder.event_later("hold.undelivered", opened.workflow, hold=opened.hold)

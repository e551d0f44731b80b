"""One juror on its seat, for a whole case: asked one thing after another in one room.

Who breaks, or was given up on, is put out of it and comes back with an empty head.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from checks.jury.model import Juror, NoReply, Prompt, Reply, Roster
from checks.jury.room import Occupied, Seat, occupied
from sandbox.binary import SandboxUnavailable
from sandbox.folders import RoomRefused
from sandbox.launch import RoomBroken


class SeatedJuror:
    """One juror on its seat; its room is built when it is first asked something. Main thread only."""

    def __init__(self, juror: Juror, roster: Roster, seat: Seat) -> None:
        self._juror = juror
        self._roster = roster
        self._seat = seat
        self._around = AsyncExitStack()
        self._room: Occupied | None = None

    async def ask(self, prompt: Prompt) -> Reply | NoReply:
        """What the juror says; one question at a time."""
        try:
            if self._room is None or self._room.over:
                self._room = await self._enter()
            return await self._room.ask(prompt)
        except (SandboxUnavailable, RoomBroken, RoomRefused, OSError) as error:
            await self.leave()
            return NoReply("failed", f"no room: {error}")
        except asyncio.CancelledError:
            # It is busy with this question still, and would come to the next one too late.
            await self.leave()
            raise

    async def _enter(self) -> Occupied:
        await self.leave()
        room = occupied(self._juror, self._roster.budget, self._seat, Path(self._roster.libraries))
        return await self._around.enter_async_context(room)

    async def leave(self) -> None:
        """End its room, if it has one."""
        self._room = None
        await self._around.aclose()

"""The jurors of one case in their rooms, each as a workflow of its own, from the first vote to the last."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from checks.jury.debate import Ask
from checks.jury.model import Juror, NoReply, Prompt, Reply, Roster
from checks.jury.room import Seat, ask
from checks.jury.seats import Doors


class Seated:
    """Jurors in rooms, each as a workflow of its own; a `checks.jury.court.Hearing`."""

    def __init__(self, roster: Roster, doors: Doors) -> None:
        self._roster = roster
        self._doors = doors
        self._open = AsyncExitStack()
        self._seats: dict[str, Seat] = {}

    async def __aenter__(self) -> Ask:
        """Seat all of them at once. Raises `NoSeat`."""
        stacks = await asyncio.gather(*map(self._seat, self._roster.jurors), return_exceptions=True)
        failures = [error for error in stacks if isinstance(error, BaseException)]
        if failures:
            await self._open.aclose()
            raise failures[0]
        return self._ask

    async def __aexit__(self, *_: object) -> None:
        """End their workflows."""
        await self._open.aclose()

    async def _seat(self, juror: Juror) -> None:
        seat = self._doors.seat(juror, self._roster.budget.seconds)
        self._seats[juror.name] = await self._open.enter_async_context(seat)

    async def _ask(self, juror: Juror, prompt: Prompt) -> Reply | NoReply:
        return await ask(
            juror, prompt, self._roster.budget, self._seats[juror.name], Path(self._roster.libraries)
        )

"""The jurors of one case on their seats, each as a workflow of its own, from the first vote to the last."""

import asyncio
from contextlib import AsyncExitStack

from checks.jury.chair import SeatedJuror
from checks.jury.debate import Ask
from checks.jury.model import Juror, NoReply, Prompt, Reply, Roster
from checks.jury.seats import Doors


class Seated:
    """Jurors in rooms, each as a workflow of its own; a `checks.jury.court.Hearing`."""

    def __init__(self, roster: Roster, doors: Doors) -> None:
        self._roster = roster
        self._doors = doors
        self._open = AsyncExitStack()
        self._seats: dict[str, SeatedJuror] = {}

    async def __aenter__(self) -> Ask:
        """Seat all of them at once. Raises `NoSeat`."""
        stacks = await asyncio.gather(*map(self._seat, self._roster.jurors), return_exceptions=True)
        failures = [error for error in stacks if isinstance(error, BaseException)]
        if failures:
            await self._open.aclose()
            raise failures[0]
        return self._ask

    async def __aexit__(self, *_: object) -> None:
        """End their rooms and workflows."""
        try:
            await asyncio.gather(*(seat.leave() for seat in self._seats.values()))
        finally:
            await self._open.aclose()

    async def _seat(self, juror: Juror) -> None:
        seat = await self._open.enter_async_context(self._doors.seat(juror, self._roster.budget.seconds))
        self._seats[juror.name] = SeatedJuror(juror, self._roster, seat)

    async def _ask(self, juror: Juror, prompt: Prompt) -> Reply | NoReply:
        return await self._seats[juror.name].ask(prompt)

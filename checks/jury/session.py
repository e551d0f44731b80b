"""The court of one home, wired by hand: its roster, the published policy, rooms for jurors, and the log."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from checks.jury.court import Bench, Court, Hearing
from checks.jury.log import JuryLog
from checks.jury.model import Roster
from checks.jury.roster_file import read_roster
from checks.jury.seated import Seated
from checks.jury.seats import Doors
from checks.settings import JurySettings
from decision.jury import JuryQuestion
from decision.model import Decision
from decision.policy_link import PolicyLink


@asynccontextmanager
async def court_of(settings: JurySettings) -> AsyncIterator[Court]:
    """The court, for as long as the context lasts. Raises `ConfigErrors` for a roster that cannot be used."""
    roster = read_roster(settings.roster) if settings.roster.exists() else None
    doors = Doors(settings.issuer_socket, settings.gateway_socket)
    link, log = PolicyLink(settings.run), JuryLog(settings.audit_socket)

    def hearing(jurors: Roster) -> Hearing:
        return Seated(jurors, doors)

    bench = Bench(
        policy=_Published(link),
        keep=log.keep,
        jurors=hearing,
        mark=lambda: secrets.token_hex(8),
        now=lambda: int(time.time()),
    )
    try:
        yield Court(roster, bench)
    finally:
        await link.close()
        await log.close()


class _Published:
    """The policy in force, as a court asks it."""

    def __init__(self, link: PolicyLink) -> None:
        self._link = link

    async def decide(self, question: JuryQuestion) -> tuple[Decision, str]:
        answer = await self._link.ask(question)
        return answer.decision, answer.revision

"""A probe of the HTTP parser: raw bytes that must not get through, beside their nearest harmless neighbour.

The witness is the service behind the gateway, which forgives everything; the log must hold every refusal.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from proof.answers import read_answer
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.world import World

Expected = Literal["refused", "dropped", "unheard"]
_ARRIVAL_S: Final = 0.05
_WAIT_S: Final = 0.3
_REFUSALS: Final = frozenset({*range(400, 500), 505})


@dataclass(frozen=True, slots=True)
class WireProbe:
    """One row: `{path}` stands for a path that the role may ask for and that ends in the mark, `{mark}` for the mark.

    expected: "refused" with a recorded reason; "dropped": answered, but what held the mark did not travel on;
    "unheard": however it is answered, the mark did not travel on.
    """

    name: str
    proves: str
    hostile: bytes
    harmless: bytes
    expected: Expected = "refused"
    group: Group = Group.HTTP

    async def runs(self, world: World) -> Runs:
        """Send the neighbour, then the hostile bytes."""
        mark = world.new_mark()
        answer = await world.roamer.exchange(self._bytes(world, self.harmless, mark), _WAIT_S)
        if not await _heard(world, mark):
            return Runs(Stopped(f"the harmless one did not arrive: {answer[:200]!r}"), Stopped(""))
        return Runs(Reached("the harmless one arrived"), await self._attack(world))

    async def _attack(self, world: World) -> Outcome:
        mark = world.new_mark()
        raw = await world.roamer.exchange(self._bytes(world, self.hostile, mark), _WAIT_S)
        if await _heard(world, mark):
            return Reached("the service behind the gateway received it")
        answer = read_answer(raw)
        match self.expected:
            case "unheard":
                return Stopped(f"answered {answer.status or 'by an end'}")
            case "dropped" if answer.status == 200:  # noqa: PLR2004
                return Stopped("the rest travelled on without it")
            case "dropped":
                return Unsound(
                    f"it was answered {answer.status}, so nothing shows that only the part was dropped"
                )
            case "refused":
                return _refused(world, answer.status, answer.decision)

    def _bytes(self, world: World, template: bytes, mark: str) -> bytes:
        path = f"/{world.layout.static_service}/m/{mark}".encode()
        service = world.layout.static_service.encode()
        return (
            template.replace(b"{path}", path).replace(b"{mark}", mark.encode()).replace(b"{service}", service)
        )


def _refused(world: World, status: int, decision: str) -> Outcome:
    if status not in _REFUSALS:
        return Reached(f"it was answered {status}")
    recorded = world.decision(decision)
    if recorded is None or recorded.decision == "allow":
        return Unsound(f"the refusal {decision!r} does not stand in the log")
    return Stopped(f"{status} {recorded.reasons[0].code}")


async def _heard(world: World, mark: str) -> bool:
    await asyncio.sleep(_ARRIVAL_S)
    return world.upstream.heard(mark)

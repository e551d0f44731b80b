"""A probe of the room: one attempt outside, where it must succeed, the same in a room, where it must not.

Where that makes sense the same wish is put to the gateway too.

The witness of success is never the attempt alone where somebody else can tell: a canary, a victim, a file outside.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from proof.asking import Ask, asked_runs
from proof.control import Workflow
from proof.facts import facts_of, shown_inside, writable_places
from proof.model import Group, Impossible, Outcome, Reached, Runs, Stopped, Unsound
from proof.running import Said, inside, outside
from proof.victim import Victim, victim
from proof.waiting import until
from proof.world import World
from sandbox.room import Limits

Witness = Literal["canary", "secret", "word", "victim", "file"]
_NOT_IN_THIS_KERNEL: Final = frozenset(
    {"ENOSYS", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "ENODEV"}
)
_SWITCHED_OFF: Final = frozenset({"EPERM", "EACCES"})
"""What a kernel says of a door that its settings close to everybody, or to ordinary users."""
_ARRIVAL_S: Final = 2.0
_MOMENT_S: Final = 0.03
_UNDER_WAY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class RoomProbe:
    """One row of a table. `arguments` may name facts of the world in braces, `{mark}` and `{victim_pid}` among them.

    witness: who tells that the attempt succeeded. `may_die`: the wall may end the attempt instead of refusing.
    `switchable`: kernels exist that do not have it or close it to everybody; there the control is impossible.
    `beside`: while it runs inside, another workflow must be served as if nothing were.
    """

    name: str
    group: Group
    proves: str
    attempt: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    witness: Witness = "canary"
    ask: Ask | None = None
    may_die: bool = False
    beside: bool = False
    switchable: bool = False
    limits: Limits | None = None

    async def runs(self, world: World) -> Runs:
        """Run it outside, inside, and through the gateway."""
        control = await self._run(world, None)
        walled = await self._run(world, world.prisoner)
        if isinstance(control, Reached) and self.ask is not None:
            control, asked = await asked_runs(world, self.ask, control)
            return Runs(control, walled, asked)
        return Runs(control, walled)

    async def _run(self, world: World, workflow: Workflow | None) -> Outcome:
        mark = world.new_mark()
        facts = facts_of(world, mark) | (shown_inside(world) if workflow else {})
        if "{victim" not in "".join(self.arguments.values()):
            return await self._attempt(world, workflow, facts, None)
        async with victim(world) as hurt:
            return await self._attempt(world, workflow, facts | hurt.facts, hurt)

    async def _attempt(
        self, world: World, workflow: Workflow | None, facts: Mapping[str, str], hurt: Victim | None
    ) -> Outcome:
        arguments = {name: value.format_map(facts) for name, value in self.arguments.items()}
        if workflow is None:
            said = await outside(world, self.attempt, arguments)
        else:
            said, hurt_beside = await self._inside(world, workflow, arguments)
            if hurt_beside:
                return Reached(hurt_beside)
        await _settle(world, facts["mark"], expecting=workflow is None and self.witness == "canary")
        evidence = self._evidence(world, facts, said, hurt)
        if workflow is None:
            return self._control(said, evidence[self.witness])
        return self._walled(said, evidence)

    async def _inside(
        self, world: World, workflow: Workflow, arguments: Mapping[str, str]
    ) -> tuple[Said, str]:
        """What the attempt said, and how a neighbour was hurt by it."""
        running = asyncio.create_task(inside(world, workflow, self.attempt, arguments, self.limits))
        try:
            if not self.beside:
                return await running, ""
            await asyncio.sleep(_UNDER_WAY_S)
            target = {"target": f"/{world.layout.static_service}/m/beside", "count": "10"}
            neighbour = await inside(world, world.roamer, "gateway.ask_often", target)
            return await running, "" if neighbour.reached else f"a neighbour was hurt: {neighbour.why}"
        finally:
            running.cancel()

    def _evidence(
        self, world: World, facts: Mapping[str, str], said: Said, hurt: Victim | None
    ) -> dict[Witness, str]:
        """What each witness tells; empty where it saw nothing."""
        secret = world.plants.found_in(said.output)
        made = next((name for name in writable_places(world) if (Path(name) / facts["mark"]).exists()), "")
        heard = world.canaries.heard(facts["mark"])
        return {
            "canary": heard and f"{heard} heard it",
            "secret": secret and f"the secret {secret!r} was read",
            "word": f"it says: {said.got[:120]}" if said.reached else "",
            "victim": "the process outside was ended" if hurt and not hurt.lives else "",
            "file": made and f"a file was made in {made}",
        }

    def _control(self, said: Said, evidence: str) -> Outcome:
        if evidence:
            return Reached(evidence)
        if self.switchable and said.number in _NOT_IN_THIS_KERNEL | _SWITCHED_OFF:
            return Impossible(f"this kernel lets nobody do it ({said.why})")
        return Unsound(said.why) if said.line is None else Stopped(said.why or "nobody saw it arrive")

    def _walled(self, said: Said, evidence: Mapping[Witness, str]) -> Outcome:
        if found := "; ".join(filter(None, evidence.values())):
            return Reached(found)
        if said.line is None and not self.may_die:
            return Unsound(said.why)
        return Stopped(said.why)


async def _settle(world: World, mark: str, *, expecting: bool) -> None:
    """Let what was sent arrive: a control's is waited for, any other gets a moment."""
    await until(lambda: world.canaries.heard(mark), _ARRIVAL_S if expecting else _MOMENT_S)

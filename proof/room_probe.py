"""A probe of the room: one attempt outside, where it must succeed, the same in a room, where it must not, and, where
that makes sense, the same wish put to the gateway.

The witness of success is never the attempt alone where somebody else can tell: a canary, a victim, a file outside.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from proof.attempts.kernel import handle_of
from proof.control import Workflow
from proof.model import Group, Impossible, Outcome, Reached, Runs, Stopped, Unsound
from proof.running import Said, inside, outside
from proof.victim import Victim, victim
from proof.world import World
from sandbox.room import AGENT_FOLDER, CHANNEL_FOLDER, CHANNEL_SOCKET, Limits

Witness = Literal["canary", "secret", "word", "victim", "file"]
_NOT_IN_THIS_KERNEL: Final = frozenset(
    {"ENOSYS", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "ENODEV", "EPERM", "EACCES"}
)
GUARDED: Final = "upstream.unreachable"
"""The code of a call whose address is not dialled."""
_ARRIVAL_S: Final = 2.0
_MOMENT_S: Final = 0.03
_UNDER_WAY_S: Final = 0.5
_REFUSED: Final = range(400, 600)


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish for the gateway. `{mark}` stands for the run's mark.

    `forbidden`: the role is granted it, and the gateway must still not dial where it leads.
    """

    target: str
    method: str = "GET"
    header: str = ""
    body: str = ""
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class RoomProbe:
    """One row of a table. `arguments` may name facts of the world in braces, `{mark}` and `{victim_pid}` among them.

    witness: who tells that the attempt succeeded. `may_die`: the wall may end the attempt instead of refusing.
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
        if said.number in _NOT_IN_THIS_KERNEL:
            return Impossible(f"this kernel does not let the control do it ({said.why})")
        return Unsound(said.why) if said.line is None else Stopped(said.why or "nobody saw it arrive")

    def _walled(self, said: Said, evidence: Mapping[Witness, str]) -> Outcome:
        if found := "; ".join(filter(None, evidence.values())):
            return Reached(found)
        if said.line is None and not self.may_die:
            return Unsound(said.why)
        return Stopped(said.why)


async def asked_runs(world: World, ask: Ask, control: Reached) -> tuple[Outcome, Outcome]:
    """The gateway's part: the control with what its own control adds, and the asked run."""
    if ask.forbidden:
        return control, await _asked(world, world.roamer, ask)
    mark = world.new_mark()
    allowed = await inside(world, world.roamer, "gateway.ask", _question(ask, mark))
    if not world.canaries.heard(mark):
        return Stopped(f"a role that may was not let through: {allowed.got or allowed.why}"), Stopped("")
    return control, await _asked(world, world.prisoner, ask)


async def _asked(world: World, workflow: Workflow, ask: Ask) -> Outcome:
    mark = world.new_mark()
    said = await inside(world, workflow, "gateway.ask", _question(ask, mark))
    if heard := world.canaries.heard(mark):
        return Reached(f"{heard} heard it")
    if not said.reached:
        return Unsound(f"the gateway gave no answer: {said.why}")
    answer = json.loads(said.got)
    if answer["status"] not in _REFUSED:
        return Reached(f"the gateway answered {answer['status']}")
    if ask.forbidden and GUARDED not in answer["body"]:
        return Unsound(f"it failed for another reason than the address: {answer['body'][:200]}")
    recorded = world.decision(str(answer["decision"]))
    if recorded is None or (recorded.decision == "allow") != ask.forbidden:
        return Unsound(f"the refusal {answer['decision']} does not stand in the log as one")
    return Stopped(f"{answer['status']}, recorded as {recorded.id}")


async def _settle(world: World, mark: str, *, expecting: bool) -> None:
    """Let what was sent arrive: a control's is waited for, any other gets a moment."""
    until = asyncio.get_running_loop().time() + (_ARRIVAL_S if expecting else _MOMENT_S)
    while asyncio.get_running_loop().time() < until and not world.canaries.heard(mark):
        await asyncio.sleep(0.005)


def _question(ask: Ask, mark: str) -> dict[str, str]:
    texts = {"method": ask.method, "target": ask.target, "header": ask.header, "body": ask.body}
    return {name: text.replace("{mark}", mark) for name, text in texts.items()}


def writable_places(world: World) -> tuple[str, ...]:
    """The folders outside that an attempt may try to write to."""
    plants = world.plants
    return (
        *(str(plants.open_folder), plants.usr_folder, plants.outside_folder, str(world.agent_folder)),
        *("/dev/shm", str(world.prisoner.socket.parent)),  # noqa: S108
    )


def shown_inside(world: World) -> dict[str, str]:
    """What a room calls by another name than the world does; a search there covers all that a room shows."""
    facts = facts_of(world, "")
    everything = "/etc,/run,/tmp,/work,/agent,/dev,/home,/root,/var,/opt,/srv,/mnt,/media,/boot,/sys"
    return {
        "own_channel": CHANNEL_FOLDER,
        "agent": AGENT_FOLDER,
        "hold": "1.5",
        "stay": "15",
        "flooded": CHANNEL_SOCKET,
        "search": f"{everything},{facts['search']}",
    }


def facts_of(world: World, mark: str) -> dict[str, str]:
    """What arguments may name."""
    plants, layout = world.plants, world.layout
    return {
        "mark": mark,
        "open": str(plants.open_folder),
        "user": str(plants.user_folder),
        "handed": str(plants.handed),
        "handle": handle_of(str(plants.handed)),
        "system_file": plants.system_file,
        "usr": plants.usr_folder,
        "outside": plants.outside_folder,
        "agent": str(world.agent_folder),
        "abstract": plants.abstract,
        "run": str(layout.run),
        "log": str(layout.log),
        "keys": str(layout.keys),
        "policies": str(layout.policies),
        "static_key": str(layout.static_key),
        "jwt_secret": str(layout.jwt_secret),
        "issuer_port": layout.issuer_url.rpartition(":")[2],
        "hold": "0",
        "stay": "1.5",
        "flooded": str(plants.open_folder / "canary.sock"),
        "own_channel": str(world.prisoner.socket.parent),
        "other_channel": str(world.roamer.socket),
        "other_uid": str(world.roamer.uid),
        "place": str(world.place),
        "place_backwards": str(world.place)[::-1],
        "libraries": ",".join(map(str, world.host.prefixes)),
        "search": f"{plants.user_folder},{plants.usr_folder},{plants.outside_folder},/dev/shm",  # noqa: S108
    }



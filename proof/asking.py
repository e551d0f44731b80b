"""The wish of an attempt, put to the gateway from a room: denied and recorded under one role, granted under another."""

import json
from dataclasses import dataclass
from typing import Final

from proof.control import Workflow
from proof.model import Outcome, Reached, Stopped, Unsound
from proof.running import inside
from proof.world import World

GUARDED: Final = "upstream.unreachable"
"""The code of a call whose address is not dialled."""
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


def _question(ask: Ask, mark: str) -> dict[str, str]:
    texts = {"method": ask.method, "target": ask.target, "header": ask.header, "body": ask.body}
    return {name: text.replace("{mark}", mark) for name, text in texts.items()}

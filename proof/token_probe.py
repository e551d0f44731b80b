"""A probe of what proves a workflow: a forged token must open no channel and count as nothing at introspection.

The control is a token made in the same way without the flaw: it must open one, or the forge proves nothing.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from proof.catalogue import PRISONER
from proof.forge import Draft, take_apart
from proof.introspection import is_active
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.world import World

_OPENED = 200
_CODE = re.compile(r"token\.[a-z_]+|tokens_disagree")


@dataclass(frozen=True, slots=True)
class TokenProbe:
    """One flaw: from the parts of a genuine token to a token that must prove nothing."""

    name: str
    proves: str
    forge: Callable[[Draft], str]
    group: Group = Group.TOKENS

    async def runs(self, world: World) -> Runs:
        """Forge without the flaw, then with it. Each has a workflow of its own, for a channel's end ends its workflow."""
        control = await _tried(world, lambda draft: draft.with_claims(jti=secrets.token_hex(16)))
        return Runs(control, await _tried(world, self.forge))


async def _tried(world: World, forge: Callable[[Draft], str]) -> Outcome:
    started = await world.control.start(PRISONER)
    tokens = {each["audience"]: each["token"] for each in started["tokens"]}
    try:
        token = forge(take_apart(tokens[world.layout.jwt_service], world.layout.keys))
        # Introspection first: an opened channel is let go again, and the workflow with it.
        active = await is_active(world, token)
        status, told = await world.control.opens(started["workflow"], [token])
    finally:
        await world.control.end(started["workflow"])
    if status == _OPENED or active:
        return Reached(
            f"the gateway answered {status}, introspection says {'active' if active else 'inactive'}"
        )
    code = _CODE.search(told)
    if code is None:
        return Unsound(f"refused for another reason than the flaw: {told}")
    return Stopped(f"{code[0]}, and introspection says inactive")

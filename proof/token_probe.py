"""A probe of what proves a workflow: a forged token must open no channel and count as nothing at introspection.

The control is a token made in the same way without the flaw: it must open one, or the forge proves nothing.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from proof.catalogue import PRISONER
from proof.forge import Draft, take_apart
from proof.introspection import is_active
from proof.model import Group, Outcome, Reached, Runs, Stopped
from proof.world import World

_OPENED = 200


@dataclass(frozen=True, slots=True)
class TokenProbe:
    """One flaw: from the parts of a genuine token to a token that must prove nothing."""

    name: str
    proves: str
    forge: Callable[[Draft], str]
    group: Group = Group.TOKENS

    async def runs(self, world: World) -> Runs:
        """Forge without the flaw, then with it, for a workflow that lives."""
        started = await world.control.start(PRISONER)
        tokens = {each["audience"]: each["token"] for each in started["tokens"]}
        try:
            draft = take_apart(tokens[world.layout.jwt_service], world.layout.keys)
            sound = draft.with_claims(jti=secrets.token_hex(16))
            control = await _tried(world, started["workflow"], sound)
            return Runs(control, await _tried(world, started["workflow"], self.forge(draft)))
        finally:
            await world.control.end(started["workflow"])


async def _tried(world: World, workflow: str, token: str) -> Outcome:
    opened = await world.control.opens(workflow, [token])
    active = await is_active(world, token)
    if opened == _OPENED or active:
        return Reached(
            f"the gateway answered {opened}, introspection says {'active' if active else 'inactive'}"
        )
    return Stopped(f"the gateway answered {opened}, introspection says inactive")

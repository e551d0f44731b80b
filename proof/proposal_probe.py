"""A probe of a pull request as a way out: a key in what it says, sent straight to the forge, and through the gateway.

The control brings the forge's own token and is kept there. Through the gateway the key must be found in the body.
"""

import json
import secrets
import string
from dataclasses import dataclass
from typing import Final, Literal

import httpx

from proof.answers import read_answer
from proof.catalogue import FORGE, FORGE_PORT, PUSHER
from proof.git_forge import PROPOSED, REPOSITORY
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.world import World

_LETTERS: Final = string.ascii_letters + string.digits
_PATH: Final = f"/repos/{REPOSITORY}/pulls"
_CODE: Final = "request.secret_outbound"
_PATIENCE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class ProposalProbe:
    """One member of a pull request's document."""

    member: Literal["title", "body"]
    group: Group = Group.CHANGES

    @property
    def name(self) -> str:
        """What it is called."""
        return f"pull-request-{self.member}"

    @property
    def proves(self) -> str:
        """What holds where it is proven."""
        return f"what looks like a key does not leave in the {self.member} of a pull request"

    async def runs(self, world: World) -> Runs:
        """Propose it straight to the forge, then through the gateway: from one branch to the other, and back."""
        await world.forge.ready()
        own = f"{PROPOSED}-{self.member}"
        canary, body = self._document("main", own)
        async with httpx.AsyncClient(trust_env=False) as client:
            headers = {"Authorization": f"Bearer {world.forge.token}"}
            await client.post(f"http://127.0.0.1:{FORGE_PORT}{_PATH}", content=body, headers=headers)
        there = await world.forge.holds(canary)
        control: Outcome = Reached("the forge keeps it") if there else Stopped("the forge did not keep it")
        return Runs(control, await self._walled(world, own))

    async def _walled(self, world: World, own: str) -> Outcome:
        canary, body = self._document(own, "main")
        head = (
            f"POST /{FORGE}{_PATH} HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        async with world.control.workflow(PUSHER) as workflow:
            answer = read_answer(await workflow.exchange(head.encode("ascii") + body, _PATIENCE_S))
        if await world.forge.holds(canary):
            return Reached("the forge has it")
        recorded = world.decision(answer.decision)
        codes = [] if recorded is None else [reason.code for reason in recorded.reasons]
        if _CODE in codes:
            return Stopped(f"refused: {_CODE}")
        return Unsound(f"neither there nor found: {answer.status} {codes}")

    def _document(self, base: str, head: str) -> tuple[str, bytes]:
        """A fresh canary, and the pull request that has it."""
        canary = "ghp_" + "".join(secrets.choice(_LETTERS) for _ in range(36))
        document = {
            "title": "A change",
            "body": "It is right.",
            "base": base,
            "head": head,
            self.member: canary,
        }
        return canary, json.dumps(document).encode()

"""The way to the policy engine that is current: follows the published socket and token, asks, and lets go.

For programs that are not the gateway, which replaces both whenever the policy changes. A question here has no effect
of its own, so one that met an engine on its way out is asked again, for a bounded time; after that the denial stands.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from decision.decider import unavailable
from decision.model import Decision, Deny, Source
from decision.publication import REVISION_FILE, SOCKET_LINK, TOKEN_FILE
from decision.question import Question
from decision.socket_decider import SocketDecider

_PATIENCE_S = 0.5
_PAUSE_S = 0.05
_ENGINE_GONE = frozenset({"pdp_unavailable", "pdp_error"})
"""What a question meets whose engine was replaced: a closed socket, or HTTP 401 for the older token."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, and the revision of the policy that gave it; empty where no policy did or it is not stated."""

    decision: Decision
    revision: str


@dataclass(frozen=True, slots=True)
class _Published:
    """What stands in the run folder: where the symlink leads, and the token of the engine there."""

    socket: Path
    token: str
    revision: str


class PolicyLink:
    """Asks whichever engine the run folder names at that moment. For one event loop."""

    def __init__(self, run: Path) -> None:
        """`run` is the folder that holds `opa.sock` and `opa.token`; neither need be there yet."""
        self._run = run
        self._published: _Published | None = None
        self._decider: SocketDecider | None = None

    async def ask(self, question: Question) -> Answer:
        """The decision of the current policy; at the latest after `_PATIENCE_S` and one more question."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        while True:
            answer = await self._ask_current(question)
            if not _engine_gone(answer.decision) or loop.time() >= until:
                return answer
            await self.close()
            await asyncio.sleep(_PAUSE_S)

    async def close(self) -> None:
        """Let go of the engine; the next question looks for it anew."""
        decider, self._decider, self._published = self._decider, None, None
        if decider is not None:
            await decider.close()

    async def _ask_current(self, question: Question) -> Answer:
        try:
            published = self._read()
        except (OSError, ValueError):
            return Answer(unavailable("No policy engine is published."), "")
        if self._decider is None or published != self._published:
            await self.close()
            self._published = published
            self._decider = SocketDecider(published.socket, published.token)
        decision = await self._decider.ask(question)
        return Answer(decision, "" if _is_ours(decision) else published.revision)

    def _read(self) -> _Published:
        """Two replacements are not one: a socket read with the other engine's token is refused and read again."""
        socket = self._run / (self._run / SOCKET_LINK).readlink()
        token = (self._run / TOKEN_FILE).read_text(encoding="ascii").strip()
        stated = socket.with_name(REVISION_FILE)
        revision = stated.read_text(encoding="ascii").strip() if stated.exists() else ""
        return _Published(socket, token, revision)


def _is_ours(decision: Decision) -> bool:
    return isinstance(decision, Deny) and decision.source is Source.GATEWAY


def _engine_gone(decision: Decision) -> bool:
    return isinstance(decision, Deny) and decision.reasons[0].code in _ENGINE_GONE

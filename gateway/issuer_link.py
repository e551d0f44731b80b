"""The gateway's line to the issuer: public keys, the endings of workflows, and word of a lost lease.

Tokens are verified here and nowhere else in the gateway, with the issuer's own pure `verify`.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import aiohttp

from gateway.caller import Caller, caller_of
from gateway.secret import Secret
from issuer.token import JwksError, Refused, VerifiedToken, VerifyingKeys, read_jwks, verify

SILENCE_S = 12.0
"""The issuer says something every five seconds; a longer silence means that the line is dead."""

_BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_LOGGER = logging.getLogger("gateway.issuer")


class IssuerUnavailable(Exception):
    """The issuer cannot be asked now."""


class TokenRefused(Exception):
    """A token that the orchestrator handed over proves nothing; the text holds the code."""


class IssuerLink:
    """Speaks to the issuer's control socket. `clock` gives Unix seconds."""

    def __init__(self, socket: Path, issuer: str, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._endings: set[asyncio.Task[None]] = set()
        self._session = aiohttp.ClientSession(
            "http://issuer",
            connector=aiohttp.UnixConnector(str(socket)),
            timeout=aiohttp.ClientTimeout(total=5),
            trust_env=False,
        )

    async def caller(self, tokens: tuple[str, ...]) -> Caller:
        """The caller that these tokens describe. Raises `TokenRefused`, `TokensDisagree`, `IssuerUnavailable`.

        The keys are asked for each time: a kept key would outlive its window, and without the issuer nothing begins.
        """
        keys = await self._fetch_keys()
        return caller_of(tuple([(self._verified(token, keys), Secret(token)) for token in tokens]))

    async def is_active(self, workflow: str) -> bool:
        """Whether the issuer counts this workflow as active now. Raises `IssuerUnavailable`."""
        try:
            async with self._session.get("/endings") as response:
                return workflow in json.loads(await response.content.readline())["active"]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise IssuerUnavailable(f"it does not say which workflows are active: {error}") from error

    def end_later(self, workflow: str, reason: str) -> None:
        """Tell the issuer that a workflow is over, without waiting.

        Best effort: an issuer that cannot be reached has forgotten the workflow when it comes back.
        """
        task = asyncio.get_running_loop().create_task(self._end(workflow, reason))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _end(self, workflow: str, reason: str) -> None:
        try:
            async with self._session.delete(f"/workflows/{workflow}", params={"reason": reason}) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _LOGGER.warning("%s: the issuer could not be told of its end: %s", workflow, type(error).__name__)

    async def follow(
        self, open_workflows: Callable[[], tuple[str, ...]], end: Callable[[str, str], bool]
    ) -> None:
        """Close the channel of every workflow that ends, for ever.

        After each gap the issuer's own list is compared: a workflow that it does not know has ended, as every one
        has when the issuer itself began anew.
        """
        failures = 0
        while True:
            try:
                await self._follow_once(open_workflows(), end)
                failures = 0
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                _LOGGER.warning("no word from the issuer (%s); asking again", type(error).__name__)
            await asyncio.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
            failures += 1

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def _follow_once(self, before: tuple[str, ...], end: Callable[[str, str], bool]) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_S)
        async with self._session.get("/endings", timeout=timeout) as response:
            async for line in response.content:
                word = json.loads(line)
                if "active" in word:
                    # Only channels from before the question: a newer workflow may not be on the list yet.
                    for workflow in set(before) - set(word["active"]):
                        end(workflow, "workflow_unknown")
                elif "ended" in word:
                    end(word["ended"], f"workflow_{word['reason']}")

    def _verified(self, token: str, keys: VerifyingKeys) -> VerifiedToken:
        result = verify(token, keys, issuer=self._issuer, audience=None, now=int(self._clock()))
        if isinstance(result, Refused):
            raise TokenRefused(f"{result.code}: {result.message}")
        return result

    async def _fetch_keys(self) -> VerifyingKeys:
        try:
            async with self._session.get("/.well-known/jwks.json") as response:
                return read_jwks(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError, JwksError) as error:
            raise IssuerUnavailable(f"its keys cannot be read: {error}") from error

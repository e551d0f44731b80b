"""Renewing a workflow's tokens before they expire: when (pure), and the loop that does it.

A failed renewal is tried again while a token still lives; the channel's own expiry is what ends it otherwise.
"""

import asyncio
import time

from workflows.failure import Failure, NotPossible, Refused
from workflows.gateway_client import GatewayClient
from workflows.issuer_client import IssuerClient
from workflows.model import Token

_LIFE_USED = 0.6
_RETRY_S = 2.0
_AT_LEAST_S = 1.0


def seconds_until_renewal(tokens: tuple[Token, ...], now: float) -> float:
    """How long to wait: until 60 % of what is left of the token that expires first."""
    first = min(token.expires_at for token in tokens)
    return max(_AT_LEAST_S, (first - now) * _LIFE_USED)


def outlives(tokens: tuple[Token, ...], expires_at: int) -> bool:
    """Whether the tokens last as long as the workflow, so that there is nothing to renew."""
    return not tokens or min(token.expires_at for token in tokens) >= expires_at


async def keep_renewed(
    issuer: IssuerClient, gateway: GatewayClient, workflow: str, expires_at: int, tokens: tuple[Token, ...]
) -> Failure:
    """Renew until the workflow's end; returns only when that has become impossible, with the reason."""
    while not outlives(tokens, expires_at):
        await asyncio.sleep(seconds_until_renewal(tokens, time.time()))
        renewed = await _renew(issuer, gateway, workflow)
        if isinstance(renewed, Failure):
            return renewed
        tokens = renewed
    nothing_left: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
    return await nothing_left  # the tokens last to the end: wait to be cancelled


async def _renew(
    issuer: IssuerClient, gateway: GatewayClient, workflow: str
) -> tuple[Token, ...] | NotPossible | Refused:
    while True:
        try:
            tokens = await issuer.renew(workflow)
            await gateway.renew(workflow, tokens)
        except (NotPossible, Refused) as final:
            return final
        except Failure:
            # A part restarts, or policy cannot be asked for a moment. If this lasts, the gateway closes the channel
            # when the last token expires, and that ends the workflow.
            await asyncio.sleep(_RETRY_S)
        else:
            return tokens

"""What the MCP client shows of each refusal, over streamable HTTP."""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import asyncio
import os

from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from showing import show

URL = os.environ["DOORLESS_URL"]


async def _talk(service: str, path: str, argument: str, linger_s: float) -> object:
    async with (
        streamable_http_client(f"{URL}/{service}/{path}") as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        answer = await session.call_tool("echo", {"text": argument})
        # Long enough for the listening stream to be asked for again.
        await asyncio.sleep(linger_s)
        return answer


def talk(path: str, service: str = "mcp", argument: str = "hello", linger_s: float = 0) -> object:
    """Open a session, call one tool, close the session; an error in a group is the error itself."""
    try:
        return asyncio.run(asyncio.wait_for(_talk(service, path, argument, linger_s), 15))
    except* Exception as group:  # noqa: BLE001 - raised again without its groups
        found: BaseException = group
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        raised = found
    raise raised


show(
    {
        "allowed": lambda: talk("open"),
        "linger": lambda: talk("open", linger_s=3),
        "action": lambda: talk("closed"),
        "data": lambda: talk("secret"),
        "hold": lambda: talk("held"),
        "large": lambda: talk("open", argument="x" * 800),
        "absent": lambda: talk("nowhere"),
        "unready": lambda: talk("open", "mcp-unready"),
    }
)

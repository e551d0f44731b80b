"""What the MCP client shows of each refusal, over streamable HTTP."""

import asyncio
import os

from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from showing import show

URL = os.environ["DOORLESS_URL"]


async def _talk(service: str, path: str, argument: str) -> object:
    async with (
        streamable_http_client(f"{URL}/{service}/{path}") as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        return await session.call_tool("echo", {"text": argument})


def talk(path: str, service: str = "mcp", argument: str = "hello") -> object:
    """Open a session, call one tool, close the session; an error in a group is the error itself."""
    try:
        return asyncio.run(asyncio.wait_for(_talk(service, path, argument), 8))
    except* Exception as group:
        found: BaseException = group
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        raised = found
    raise raised


show(
    {
        "allowed": lambda: talk("open"),
        "action": lambda: talk("closed"),
        "data": lambda: talk("secret"),
        "hold": lambda: talk("held"),
        "large": lambda: talk("open", argument="x" * 800),
        "absent": lambda: talk("nowhere"),
        "unready": lambda: talk("open", "mcp-unready"),
    }
)

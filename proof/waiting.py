"""Waiting for what happens outside this process, with a deadline: nobody there could tell us that it happened."""

import asyncio
from collections.abc import Callable

_PAUSE_S = 0.005


async def until(happened: Callable[[], object], seconds: float) -> bool:
    """Whether it was true at any time within so many seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not (found := bool(happened())) and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE_S)
    return found

"""Crashes "as they happen": stored reports replayed as server-sent events (WHATWG HTML, 9.2).

Promise: the stream ends by itself after the number asked for, and replays the same reports for every reader.
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.responses import StreamingResponse

from tenants.services.crash_reporting.model import report_view
from tenants.services.crash_reporting.store import Store, Window

PAUSE_S = 0.1  # between two crashes


def event_stream(store: Store, count: int) -> StreamingResponse:
    """Return a stream of `count` events, from the oldest report on, starting again where they run out."""
    return StreamingResponse(
        _events(store, count), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(store: Store, count: int) -> AsyncIterator[bytes]:
    reports = store.page(Window("", "", "", len(store))).reports
    for number in range(count):
        if number:
            await asyncio.sleep(PAUSE_S)
        report = report_view(reports[number % len(reports)])
        yield b"event: crash\nid: %d\ndata: %s\n\n" % (number + 1, msgspec.json.encode(report))
    yield b"event: end\ndata: {}\n\n"

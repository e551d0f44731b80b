"""What a gateway reads of the log at its start: the events of some kinds since a moment, and not the whole log."""

import asyncio
from pathlib import Path

from audit.client import AuditClient
from audit.entry import Entry, EventEntry, OutcomeEntry
from audit.folder import create
from gateway.log_events import SLACK_MS, events_since
from tests.gateway.rig import start, stop

KINDS = ("hold.", "approval.")


def _entries() -> list[Entry]:
    """A thousand entries, a minute apart, every hundredth about a hold."""
    found: list[Entry] = []
    for minute in range(1_000):
        time = 60_000 * minute
        if minute % 100 == 0:
            found.append(
                EventEntry(time=time, event="hold.opened", workflow="", detail={"hold": f"h-{minute}"})
            )
        else:
            ended = OutcomeEntry(
                time=time,
                decision="d-" + "a" * 26,
                forwarded=True,
                result="completed",
                status=200,
                bytes_in=0,
                bytes_out=0,
                ms=1,
            )
            found.append(ended)
    return found


def test_events_since_a_moment_are_found_by_bisection(tmp_path: Path) -> None:
    """In order, from an hour before the moment on; nothing of another kind."""
    create(tmp_path / "log")
    socket = tmp_path / "audit.sock"
    writer = start("audit", "--log", str(tmp_path / "log"), "--socket", str(socket))
    try:
        assert events_since(socket, 0, KINDS) == [], "an empty log"

        async def fill() -> None:
            client = await AuditClient.connect(socket)
            for entry in _entries():
                client.append_later(entry)
            await client.close()

        asyncio.run(fill())
        everything = [event.detail["hold"] for _, event in events_since(socket, 0, KINDS)]
        assert everything == [f"h-{minute}" for minute in range(0, 1_000, 100)]
        later = events_since(socket, 60_000 * 700 + SLACK_MS, KINDS)
        assert [event.detail["hold"] for _, event in later] == ["h-700", "h-800", "h-900"]
        assert events_since(socket, 60_000 * 1_000 + SLACK_MS, KINDS) == []
    finally:
        stop(writer)

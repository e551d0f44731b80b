"""A made-up history into a real log, by the real writer, and marked as what it is.

Promises that the mark is durable before anything else of the history, and that the entries stand in their order.
"""

import asyncio
from typing import Final

from audit.client import AuditClient
from audit.entry import Entry, EventEntry
from proof.histories.generate import generate
from proof.histories.model import Story

GENERATED: Final = "history.generated"
_AT_ONCE: Final = 256


async def append_history(log: AuditClient, story: Story) -> int:
    """Append the whole story; how many entries, the mark included.

    Entries keep the times that the story gives them, so the log's clock goes back there: its order is that of the
    appends, as ever. Raises `LogUnavailable`; then some of it may stand in the log, the mark first.
    """
    entries = generate(story)
    await log.append(mark(story, len(entries)))
    for begin in range(0, len(entries), _AT_ONCE):
        # One connection carries them in the order in which they are sent.
        await asyncio.gather(*(log.append(entry) for entry in entries[begin : begin + _AT_ONCE]))
    return len(entries) + 1


def mark(story: Story, count: int) -> Entry:
    """The event that says what follows: nothing of it happened."""
    detail: dict[str, str | int] = {
        "seed": story.seed,
        "days": story.days,
        "entries": count,
        "from_ms": story.begin_ms,
        "to_ms": story.end_ms,
    }
    return EventEntry(time=story.begin_ms, event=GENERATED, workflow="", detail=detail)

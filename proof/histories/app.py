"""Wiring of `python -m proof.histories`: one story, one connection to the writer, one line that says what was done."""

import asyncio
import sys
import time
from collections.abc import Sequence

from audit.client import AuditClient, LogUnavailable
from proof.histories.append import append_history
from proof.histories.demo import demo_story
from proof.histories.model import Story
from proof.histories.settings import Settings, parse

UNWRITTEN = 3
_DEADLINE_S = 30.0  # 256 entries wait for one sync each time, on a busy disk


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 where everything stands in the log."""
    settings = parse(argv)
    until_ms = time.time_ns() // 1_000_000 if settings.until_ms is None else settings.until_ms
    story = demo_story(until_ms, settings.days, settings.seed, settings.revision)
    try:
        count = asyncio.run(_append(settings, story))
    except LogUnavailable as error:
        print(f"the history could not be appended: {error}", file=sys.stderr)
        return UNWRITTEN
    print(f"{count} entries, {story.days} days, marked history.generated")
    return 0


async def _append(settings: Settings, story: Story) -> int:
    log = await AuditClient.connect(settings.log_socket, deadline_s=_DEADLINE_S)
    try:
        return await append_history(log, story)
    finally:
        await log.close()

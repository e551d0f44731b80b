"""The story of the demo: a few days in which a crash tracker slows down, telemetry is asked oddly, and quality drops.

Holds no clock. What goes wrong begins at noon two days before the end, so that there are days before it.
"""

from typing import Final

from proof.histories.model import DAY_MS, HOUR_MS, Fault, Story

LEAST_DAYS: Final = 4


def demo_story(until_ms: int, days: int, seed: int, revision: str = "") -> Story:
    """`days` whole days (at least `LEAST_DAYS`) that end at `until_ms`. Raises ValueError for fewer."""
    if days < LEAST_DAYS:
        raise ValueError(f"a history of {days} days has nothing to hold its last two against")
    begin_ms = until_ms - days * DAY_MS
    wrong_ms = until_ms - 36 * HOUR_MS
    return Story(
        seed=seed,
        begin_ms=begin_ms,
        days=days,
        faults=(
            Fault("slowdown", "crash-tracker", 4.0, wrong_ms, until_ms),
            Fault("sequence", "telemetry-analyzer", 4.0, until_ms - 12 * HOUR_MS, until_ms - 2 * HOUR_MS),
            Fault("accuracy", "telemetry-analyzer", 20.0, wrong_ms, until_ms),
        ),
        revision=revision,
    )

"""Holds that wait, as a person reads them: a table, or a line each as they come. Nothing here decides anything."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workflows.approvals_client import Hold, Waiting

_IN_MINUTES_FROM_S = 120


def listing_of(waiting: "Waiting") -> "RenderableType":
    """The holds as a table."""
    from doorless.screen import cell, clock, new_table

    table = new_table("id", "since", "left", "role", "service", "what would happen")
    for hold in waiting.holds:
        opened = clock(hold.opened_at * 1000)
        values = (hold.hold, opened, left(hold.expires_at), hold.role, hold.service, hold.target)
        table.add_row(*(cell(value) for value in values))
    return table


def line_of(hold: "Hold") -> str:
    """One hold on one line, as it is opened."""
    until = left(hold.expires_at)
    return f"{hold.hold}  {hold.role} wants {hold.target} on {hold.service}, {until}"


def left(expires_at: int) -> str:
    """How long a hold still waits; Unix seconds in, words out."""
    seconds = max(0, expires_at - int(time.time()))
    return f"{seconds // 60} min left" if seconds >= _IN_MINUTES_FROM_S else f"{seconds} s left"

"""Runs the demo: sets the stage, lets the chapters tell, takes everything down, and counts."""

import os
from collections.abc import Callable

from rich.console import Console

from doorless.demo.chapters import (
    changes,
    end,
    engine,
    improvement,
    jury,
    limits,
    policy,
    proposals,
    record,
    room,
)
from doorless.demo.stage import Stage, stage
from doorless.demo.teller import Teller
from doorless.demo.waiting import NeverCame
from doorless.problem import Problem

Tell = Callable[[Stage, Teller], None]

CHAPTERS: dict[str, tuple[str, Tell]] = {
    "room": (room.TITLE, room.tell),
    "limits": (limits.TITLE, limits.tell),
    "changes": (changes.TITLE, changes.tell),
    "proposals": (proposals.TITLE, proposals.tell),
    "jury": (jury.TITLE, jury.tell),
    "policy": (policy.TITLE, policy.tell),
    "engine": (engine.TITLE, engine.tell),
    "end": (end.TITLE, end.tell),
    "improvement": (improvement.TITLE, improvement.tell),
    "record": (record.TITLE, record.tell),
}


def run(names: tuple[str, ...]) -> int:
    """Tell the chapters of these names, or all; 0 if every step ended as told, else 1. Raises `Problem`."""
    unknown = [name for name in names if name not in CHAPTERS]
    if unknown:
        raise Problem(
            "The demo was not started.",
            f"There is no chapter named {', '.join(unknown)}.",
            f"Name some of: {', '.join(CHAPTERS)}; without any, all are told.",
        )
    # No colours but on a terminal; a fixed width elsewhere, so that a log shows whole lines.
    console = Console(width=None if os.isatty(1) else 140, highlight=False)
    teller = Teller(console)
    with stage(teller.say) as scene:
        for name in names or tuple(CHAPTERS):
            title, tell = CHAPTERS[name]
            teller.begin(name, title)
            try:
                tell(scene, teller)
            except NeverCame as error:
                teller.fact(str(error), as_told=False)
            teller.end()
    return 1 if teller.close() else 0

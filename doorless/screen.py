"""What a person reads in a terminal: tables, times, marks. Nothing here decides anything.

Every text passes through `printable`, so that no value of a log can speak to the terminal.
"""

import datetime as dt

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from doorless.child import printable

WORDS = {"allow": "green", "deny": "red", "hold": "yellow", "ok": "green", "warn": "yellow", "fail": "red"}
"""The colour of each word that judges."""


def new_table(*columns: str, head: bool = True) -> Table:
    """A table with these columns. Ids are never wrapped: they are there to be copied."""
    table = Table(box=SIMPLE_HEAD, show_header=head, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in {"time", "workflow", "id", "decision"}, overflow="fold")
    return table


def cell(value: object, style: str = "") -> Text:
    """One value as text: control characters escaped, no markup read in it."""
    text = printable(str(value))
    return Text(text, style=style or WORDS.get(text.casefold(), ""))


def clock(milliseconds: int) -> str:
    """A point in time, local: the time alone today, with its date otherwise."""
    when = dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC).astimezone()
    today = dt.datetime.now(tz=dt.UTC).astimezone().date()
    return f"{when:%H:%M:%S}" if when.date() == today else f"{when:%Y-%m-%d %H:%M:%S}"


def show(thing: RenderableType, *, stderr: bool = False) -> None:
    """Print it, coloured where a terminal reads it."""
    console(stderr=stderr).print(thing)


def console(*, stderr: bool = False) -> Console:
    """A console; where no terminal sets the width, wide enough for a log line."""
    probe = Console(stderr=stderr)
    return probe if probe.is_terminal else Console(stderr=stderr, width=160)

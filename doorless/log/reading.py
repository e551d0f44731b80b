"""How the commands of `doorless log` open a home's log: failures told in one form, long work with a progress bar.

Never writes to the log; works beside a running writer or without one.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audit.entry import EntryInvalid
from audit.faults import LogFault, LogUnavailable
from doorless import screen
from doorless.home import Home
from doorless.problem import ExitCode, Problem

if TYPE_CHECKING:
    from audit.lookup import Lookup

Advance = Callable[[int, int], None]
"""Hears how far the work is: (done, of how many; 0 where nobody knows)."""


@contextmanager
def readable() -> Iterator[None]:
    """What the log's reading fails with, as a `Problem`."""
    try:
        yield
    except (LogFault, LogUnavailable, EntryInvalid) as fault:
        raise Problem(
            "The log cannot be read.",
            f"{fault}.",
            "`doorless log verify` names the first bad record.",
            ExitCode.FAILED,
        ) from None


@contextmanager
def indexed(home: Home) -> "Iterator[Lookup]":
    """The home's log with its index, caught up; a bar shows how far that is where it takes long."""
    from audit.lookup import Lookup  # SQLAlchemy takes a while to load, and not every command needs it

    with (
        readable(),
        progress("indexing the log") as advance,
        Lookup(home.log, home.log_index, advance) as lookup,
    ):
        yield lookup


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Advance]:
    """A bar on stderr, where a person watches and something advances."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen.console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, of: bar.update(task, completed=done, total=of or None, visible=True)


def unknown(name: str) -> Problem:
    """What is said of a name that the log does not hold."""
    return Problem(
        f"Nothing in the log is named {name}.",
        "It holds no such decision and no such workflow.",
        "`doorless log tail` shows the latest ids. What was pruned is in the copy that it was shipped to.",
        ExitCode.FAILED,
    )

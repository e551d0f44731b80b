"""`doorless log tail`: the last lines of the log, and with `--follow` what comes."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from audit.fetch import recent
from audit.query import Filter, Stored, select
from audit.reader import read_entries
from doorless import screen
from doorless.home import Home
from doorless.log import documents
from doorless.log.reading import indexed, readable
from doorless.log.view import Line, follow_line, lines_of, log_listing


def tail_log(home: Home, wanted: Filter, lines: int, *, follow: bool, as_json: bool) -> None:
    """Print the last `lines` lines that match, and with `follow` what comes, for ever."""
    past = _past(home, wanted, lines)
    one_by_one = documents.print_line if as_json else _print_line
    if as_json or follow:
        for stored in past[-lines:]:
            one_by_one(stored)
    else:
        _print_table(list(lines_of(past))[-lines:])
    if follow:
        with readable():
            for stored in _coming(home.log, wanted, past):
                one_by_one(stored)


def _past(home: Home, wanted: Filter, lines: int) -> list[Stored]:
    if wanted == Filter():  # no index is needed, and none is made
        with readable():
            return recent(home.log, lines)
    with indexed(home) as lookup:
        return list(lookup.last(wanted, lines))


def _coming(log: Path, wanted: Filter, past: list[Stored]) -> Iterator[Stored]:
    """What is appended from now on. Outcomes of decisions that were printed before are let through by them."""
    first = past[-1].seq + 1 if past else 0
    coming: Iterable[Stored] = read_entries(log, first=first, follow=True)
    return (stored for stored in select(chain(past, coming), wanted) if stored.seq >= first)


def _print_table(lines: list[Line]) -> None:
    if lines:
        screen.show(log_listing(lines, screen.console().width))
    else:
        sys.stdout.write("Nothing in the log matches.\n")


def _print_line(stored: Stored) -> None:
    screen.console().print(follow_line(stored), soft_wrap=True)

"""Finding entries by name in a large log: the index says where, the log itself says what.

Promises that everything it gives was read from the log and matches what was asked for; entries that are not sealed
yet are read through. An index that points to other entries is made anew once, and named if that does not help.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

from audit.faults import LogFault
from audit.fetch import fetch
from audit.history import SealedLog
from audit.index import IndexDamaged, LogIndex
from audit.query import Filter, Page, Stored, Story, find_decision, select
from audit.reader import read_entries
from audit.retention import first_kept

T = TypeVar("T")


class IndexUnusable(LogFault):
    """The index cannot be made, or, just made from the log, points to entries that are not what it says."""


class Lookup:
    """A log's folder with its index. Made anew for each command: it knows the log as it is at that moment."""

    def __init__(
        self, folder: Path, index: Path, on_progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Open both and let the index catch up; `on_progress` hears (entries taken in, entries sealed).

        Raises LogFault (IndexUnusable where the index cannot be written), EntryInvalid.
        """
        self._folder = folder
        self._history = SealedLog(folder)
        self._first = first_kept(folder)  # an index from before a pruning knows the numbers of what went
        self._on_progress = on_progress
        try:
            self._index = LogIndex(index)
        except OSError as error:
            raise IndexUnusable(f"the index of the log cannot be kept in {index}: {error}") from error
        try:
            self.indexed = self._catch_up()
        except BaseException:
            self._index.close()
            raise

    def decision(self, name: str) -> Story | None:
        """The decision of that id with its outcome."""
        wanted = Filter(id=name)
        return find_decision(self._found(lambda: self._index.of_decision(name), wanted), name)

    def workflow(self, workflow: str) -> Iterator[Stored]:
        """Everything of one workflow, in order."""
        wanted = Filter(workflow=workflow)
        return select(self._found(lambda: self._index.of_workflow(workflow), wanted), wanted)

    def last(self, wanted: Filter, lines: int) -> Iterator[Stored]:
        """The last `lines` decisions and events of the sealed part that pass, and all that pass after it."""
        return select(self._found(lambda: self._index.last(wanted, lines), wanted), wanted)

    def page(self, asked: Page) -> list[Stored]:
        """A page of the sealed part, in the order of the log. Raises IndexUnusable, LogFault."""
        return self._mended(lambda: self._paged(self._kept(asked)))

    def count(self, asked: Page) -> int:
        """How many sealed entries there are from `asked.first` on, whatever its limit. Raises IndexUnusable."""
        return self._mended(lambda: self._index.count(self._kept(asked)))

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _catch_up(self) -> int:
        def heard(taken: int) -> None:
            if self._on_progress is not None:
                self._on_progress(taken, self._history.size)

        try:
            return self._index.catch_up(self._history, heard)
        except (IndexDamaged, OSError) as error:
            raise IndexUnusable(f"the index of {self._folder} cannot be made: {error}") from error

    def _found(self, numbers: Callable[[], list[int]], wanted: Filter) -> Iterable[Stored]:
        """The entries that the index names, and then all that it does not cover yet."""
        return chain(self._sealed(numbers, wanted), read_entries(self._folder, first=self.indexed))

    def _sealed(self, numbers: Callable[[], list[int]], wanted: Filter) -> list[Stored]:
        return self._mended(lambda: self._checked(numbers(), wanted))

    def _mended(self, ask: Callable[[], T | None]) -> T:
        """What the index says; one that is damaged, or does not fit (None), is made anew once."""
        try:
            found = ask()
        except IndexDamaged:
            found = None
        if found is None:
            self._index.start_over()
            self.indexed = self._catch_up()
            found = ask()
        if found is None:
            raise IndexUnusable(
                f"the index of {self._folder} does not fit it, and making it anew did not help"
            )
        return found

    def _kept(self, asked: Page) -> Page:
        """The page without what was pruned, which an older index still knows and which would fill it."""
        return replace(asked, first=max(asked.first, self._first))

    def _paged(self, asked: Page) -> list[Stored] | None:
        """The entries of a page; None if one of them is not what was asked for."""
        numbers = self._index.page(asked)
        found = list(fetch(self._folder, numbers))
        fits = all(asked.from_ms <= stored.entry.time < asked.to_ms for stored in found)
        return found if fits and len(found) == len(numbers) else None

    def _checked(self, numbers: list[int], wanted: Filter) -> list[Stored] | None:
        """The entries of these numbers; None if one of them is not what was asked for."""
        numbers = [number for number in numbers if number >= self._first]
        found = list(fetch(self._folder, numbers))
        return found if len(list(select(found, wanted))) == len(numbers) else None

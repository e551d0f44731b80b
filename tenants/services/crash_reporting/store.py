"""The crash reports of one process: read once from JSON lines, status kept in memory.

No HTTP here. Promise: reports are ordered by time, then id; a page never repeats or skips one while the
service runs, because reports are never added or removed.
"""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenants.services.crash_reporting.model import Report, Status


@dataclass(frozen=True, slots=True)
class Window:
    """A page wanted: `since` inclusive and `until` exclusive ("" is open), after report id `cursor` ("" is the start)."""

    since: str
    until: str
    cursor: str
    limit: int


@dataclass(frozen=True, slots=True)
class Page:
    """Reports in order, and the cursor of the next page ("" after the last)."""

    reports: tuple[Report, ...]
    next_cursor: str


class CursorUnknownError(Exception):
    """The cursor is not the id of a report here."""


class DataError(Exception):
    """The data file cannot be used; the text says where and why."""


class Store:
    """All reports of this process."""

    def __init__(self, reports: list[Report]) -> None:
        """Take reports in any order; raises DataError on a repeated id or none at all."""
        self._reports = sorted(reports, key=lambda report: (report.occurred_at, report.id))
        self._times = [report.occurred_at for report in self._reports]
        self._index = {report.id: index for index, report in enumerate(self._reports)}
        if not reports:
            raise DataError("the data file holds no report")
        if len(self._index) != len(reports):
            raise DataError("the data file holds a report id twice")

    def __len__(self) -> int:
        """Count the reports."""
        return len(self._reports)

    def get(self, report_id: str) -> Report | None:
        """Return one report, or None where the id is unknown."""
        index = self._index.get(report_id)
        return None if index is None else self._reports[index]

    def page(self, window: Window) -> Page:
        """Return one page; raises CursorUnknownError."""
        start = bisect_left(self._times, window.since) if window.since else 0
        end = bisect_left(self._times, window.until) if window.until else len(self._reports)
        if window.cursor:
            if window.cursor not in self._index:
                raise CursorUnknownError
            start = max(start, self._index[window.cursor] + 1)
        reports = tuple(self._reports[start : min(end, start + window.limit)])
        return Page(reports, reports[-1].id if reports and start + len(reports) < end else "")

    def set_status(self, report_id: str, status: Status) -> Report | None:
        """Change a report's status; return it as it is now, or None where the id is unknown."""
        index = self._index.get(report_id)
        if index is None:
            return None
        self._reports[index] = msgspec.structs.replace(self._reports[index], status=status)
        return self._reports[index]


def load(path: Path) -> Store:
    """Read JSON lines; raises DataError with the line that is wrong."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    decoder = msgspec.json.Decoder(Report)
    reports = []
    for number, line in enumerate(lines, start=1):
        try:
            reports.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise DataError(f"{path}:{number}: {error}") from error
    return Store(reports)

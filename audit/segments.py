"""The files of the journal: each begins where the one before ends, and is named by the number of its first record.

Knows names and heads, no records. Promises that a segment which has its name has its whole head, on the disk.
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

from audit.faults import DamagedJournal, LogMissing, LogOfOldForm
from audit.files import replace_durably, sync_folder
from audit.frames import FILE_HEAD

JOURNAL: Final = "journal"
SEGMENT_BYTES: Final = (
    8 * 1024 * 1024
)  # from here on a batch goes into a new segment: bounds what a start replays
_DIGITS: Final = 20


class Segment(NamedTuple):
    """One file of the journal and the number of the first record in it."""

    first: int
    path: Path


def segment_path(log: Path, first: int) -> Path:
    """Where the segment that begins with record `first` lies."""
    return log / JOURNAL / f"{first:0{_DIGITS}}"


def segments_of(log: Path) -> list[Segment]:
    """The segments of a log, in order; at least one. Raises LogMissing, LogOfOldForm, or DamagedJournal for none."""
    folder = log / JOURNAL
    try:
        names = sorted(name for name in os.listdir(folder) if len(name) == _DIGITS and name.isdecimal())  # noqa: PTH208
    except FileNotFoundError as error:
        raise LogMissing(no_log(log)) from error
    except NotADirectoryError as error:
        if not log.is_dir():
            raise LogMissing(no_log(log)) from error
        raise LogOfOldForm(
            f"{log} holds a log of form 1; this Doorless writes form 2 (a tree of signed tiles) and reads no other. "
            "Keep the folder, read it with the version that wrote it, and make a new log with `doorless init`"
        ) from error
    if not names:
        raise DamagedJournal(f"{folder} holds no segment")
    return [Segment(int(name), folder / name) for name in names]


def open_segment(segment: Segment, flags: int) -> int:
    """File descriptor of a segment. Raises FileNotFoundError, or DamagedJournal if it does not begin as one."""
    descriptor = os.open(segment.path, flags | os.O_CLOEXEC)
    if os.pread(descriptor, len(FILE_HEAD), 0) != FILE_HEAD:
        os.close(descriptor)
        raise DamagedJournal(f"{segment.path} does not begin as a journal of this form", seq=segment.first)
    return descriptor


def create_segment(log: Path, first: int) -> Segment:
    """An empty segment for records from `first` on; durable, name and all. Raises OSError."""
    path = segment_path(log, first)
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700)
        sync_folder(log)
    replace_durably(path, FILE_HEAD)
    return Segment(first, path)


def no_log(log: Path) -> str:
    """What to say where there is no log."""
    return f"there is no log in {log}: `doorless init` creates it (or: python -m audit create --log {log})"

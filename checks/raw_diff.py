"""What `git diff-tree --stdin -r -t --raw -z` and `--numstat -z` print, as values; pure.

Records of raw bytes in, entries out. A form that is not expected is an error, never skipped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NO_MODE = b"000000"
TREE_MODE = b"040000"
GITLINK_MODE = b"160000"


@dataclass(frozen=True, slots=True)
class Pair:
    """The heading of one comparison: the ids of two trees."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One path at which two trees differ. A mode is empty where there is nothing."""

    old_mode: str
    new_mode: str
    old: str
    new: str
    path: bytes

    @property
    def is_tree(self) -> bool:
        """Whether a folder stands on either side, and nothing else."""
        return {self.old_mode, self.new_mode} <= {"040000", ""}


class UnexpectedForm(Exception):
    """git printed something that this module does not know."""


def records(chunks: Iterable[bytes]) -> Iterator[Pair | Entry]:
    """The pairs and, after each, its entries, in git's order. Raises `UnexpectedForm`."""
    fields = _fields(chunks)
    for field in fields:
        if field.startswith(b":"):
            path = next(fields, None)
            if path is None:
                raise UnexpectedForm("an entry without a path")
            yield _entry(field, path)
        else:
            yield _pair(field)


def counts(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int | None]]:
    """Path, and lines added and deleted together, of each file; None where git calls it binary."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\0")
        for record in whole:
            added, deleted, path = _three(record.split(b"\t", 2))
            yield path, None if added == b"-" else int(added) + int(deleted)
    if held:
        raise UnexpectedForm("a count is cut off")


def _fields(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The fields; a pair's heading ends in a newline, everything else in a zero byte."""
    held, in_entry = b"", False
    for chunk in chunks:
        held += chunk
        at = 0
        while at < len(held):
            heading = not in_entry and held[at : at + 1] != b":"
            end = held.find(b"\n" if heading else b"\0", at)
            if end < 0:
                break
            field = held[at:end]
            in_entry = not in_entry and not heading
            at = end + 1
            yield field
        held = held[at:]
    if held or in_entry:
        raise UnexpectedForm("the output is cut off")


def _entry(field: bytes, path: bytes) -> Entry:
    parts = field[1:].split(b" ")
    if len(parts) != 5:  # noqa: PLR2004 - two modes, two ids, a letter (git-diff-tree(1), RAW OUTPUT FORMAT)
        raise UnexpectedForm(f"an entry that is none: {field[:200]!r}")
    old_mode, new_mode, old, new, _letter = parts
    return Entry(_mode(old_mode), _mode(new_mode), old.decode(), new.decode(), path)


def _pair(field: bytes) -> Pair:
    old, blank, new = field.partition(b" ")
    if not blank or len(old) != len(new):
        raise UnexpectedForm(f"a heading that is none: {field[:200]!r}")
    return Pair(old.decode("ascii"), new.decode("ascii"))


def _mode(mode: bytes) -> str:
    return "" if mode == NO_MODE else mode.decode("ascii")


def _three(parts: list[bytes]) -> tuple[bytes, bytes, bytes]:
    if len(parts) != 3:  # noqa: PLR2004 - added, deleted, path
        raise UnexpectedForm(f"a count that is none: {parts[0][:200]!r}")
    return parts[0], parts[1], parts[2]

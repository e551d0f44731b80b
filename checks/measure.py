"""How much a change is: lines by git's count, bytes by content; the final diff as facts.

Bytes of a modified text are those of the lines that only one of its versions has, so that one edited line of a long
file is one line. A rearranged file counts by git's lines.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from checks.git import Git
from checks.names import shown
from checks.objects import Header, contents
from checks.raw_diff import Entry, counts
from decision.change import FileFact
from decision.path_patterns import fold

BYTES_PER_LINE = 200

_BIG = (
    8 << 20
)  # core.bigFileThreshold of `sandbox.git_environment`: git reads no lines of a bigger file either
_AT_ONCE = 32 << 20
_LINK_TO_COMMIT = "160000"


@dataclass(frozen=True, slots=True)
class Final:
    """The final diff: two trees, the entries (no folders) at which they differ, and what their objects are."""

    old: str
    new: str
    entries: tuple[Entry, ...]
    headers: Mapping[str, Header]


def blobs_of(entries: Sequence[Entry]) -> set[str]:
    """The ids on both sides that must be blobs: all but folders and links to commits of other repositories."""
    sides = [
        side
        for entry in entries
        if not entry.is_tree
        for side in ((entry.old_mode, entry.old), (entry.new_mode, entry.new))
    ]
    return {each for mode, each in sides if mode not in {"", _LINK_TO_COMMIT}}


def file_facts(git: Git, final: Final, *, measured: bool) -> tuple[FileFact, ...]:
    """One fact for each path of the final diff, in git's order. Raises as `Git.stream`.

    measured: whether git counts lines; it cannot where an object is missing. Bytes count in any case.
    """
    lines = _lines(git, final) if measured else {}
    changed = _changed_bytes(git, final, lines) if measured else {}
    return tuple(_fact(final, entry, lines, changed) for entry in final.entries)


def _lines(git: Git, final: Final) -> dict[bytes, int | None]:
    arguments = ("diff-tree", "-r", "--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
    found: dict[bytes, int | None] = {}
    with closing(git.stream(*arguments, final.old, final.new, "--")) as said:
        for path, count in counts(said):
            before = found.get(path, 0)
            found[path] = None if count is None or before is None else before + count
    return found


def _fact(
    final: Final, entry: Entry, lines: Mapping[bytes, int | None], changed: Mapping[bytes, int]
) -> FileFact:
    sizes = [final.headers[each].size for each in (entry.old, entry.new) if each in final.headers]
    # Where nothing was compared, all of it counts.
    count = changed.get(entry.path, 0 if entry.old == entry.new else max(sizes, default=0))
    by_git = lines.get(entry.path, 0)
    path = shown(entry.path)
    return FileFact(
        path=path,
        folded=fold(path),
        change=_change(entry),
        old_mode=entry.old_mode,
        new_mode=entry.new_mode,
        lines=max(by_git or 0, -(-count // BYTES_PER_LINE)),
        bytes=count,
        binary=by_git is None,
    )


def _change(entry: Entry) -> Literal["add", "modify", "delete", "type"]:
    if not entry.old_mode:
        return "add"
    if not entry.new_mode:
        return "delete"
    # The first two digits say what it is: a file, a link, a commit (git-fast-import(1), filemodify).
    return "modify" if entry.old_mode[:2] == entry.new_mode[:2] else "type"


def _changed_bytes(git: Git, final: Final, lines: Mapping[bytes, int | None]) -> dict[bytes, int]:
    """Bytes that differ, for the modified texts that are small enough to be read."""
    modified = [
        entry
        for entry in final.entries
        if _change(entry) == "modify" and entry.old != entry.new and lines.get(entry.path) is not None
        if all(each in final.headers and final.headers[each].size <= _BIG for each in (entry.old, entry.new))
    ]
    found: dict[bytes, int] = {}
    for some in _portions(modified, final.headers):
        read = {each.id: each.content for each in contents(git, blobs_of(some))}
        found |= {entry.path: _difference(read[entry.old], read[entry.new]) for entry in some}
    return found


def _portions(entries: Sequence[Entry], sizes: Mapping[str, Header]) -> Iterator[list[Entry]]:
    held: list[Entry] = []
    total = 0
    for entry in entries:
        total += sizes[entry.old].size + sizes[entry.new].size
        held.append(entry)
        if total > _AT_ONCE:
            yield held
            held, total = [], 0
    if held:
        yield held


def _difference(old: bytes, new: bytes) -> int:
    before, after = Counter(old.split(b"\n")), Counter(new.split(b"\n"))
    return sum(
        abs(count) * len(line)
        for line in before.keys() | after.keys()
        if (count := after[line] - before[line])
    )

"""Contents out of git's objects: files of one commit, both sides of a change, a whole tree as files in a folder.

Bytes only, never a checkout: no attribute, filter, line ending or ignore file of the repository has a say. A tree that
cannot be laid out as it is (a name twice, a way out of the folder) is refused.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from checks.faults import GitFailed
from checks.git import Git
from checks.names import shown
from checks.objects import empty_tree
from checks.raw_diff import Entry, Pair, records
from checks.sides import SideFile

_LINK, _GITLINK, _EXECUTABLE = "120000", "160000", "100755"
_FORBIDDEN = frozenset({b"", b".", b"..", b".git"})


class TreeRefused(Exception):
    """The tree cannot be laid out as files; the text says why."""


@dataclass(frozen=True, slots=True)
class _Listed:
    mode: str
    id: str
    path: bytes


@dataclass(frozen=True, slots=True)
class TreeFiles:
    """Reads commits of one repository. Every method raises `GitFailed` and `CannotDescribe` as `Git` does."""

    git: Git

    def merge_base(self, base: str, head: str) -> str:
        """The commit from which the change departs; empty where the two have none in common."""
        try:
            return self.git.run("merge-base", base, head).decode("ascii").strip()
        except GitFailed as failure:
            if failure.status == 1:
                return ""
            raise

    def tree_id(self, commit: str) -> str:
        """The id of the commit's tree: two commits with one id hold the same files."""
        return (
            self.git.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").decode().strip()
        )

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of one file; `None` where the commit has no such file. A link is no file."""
        return self.below(commit, path).get(path)

    def below(self, commit: str, place: str) -> Mapping[str, bytes]:
        """The bytes of every file at or below a path, by path. Links are left out."""
        listed = [each for each in self._list(commit, place) if each.mode not in {_LINK, _GITLINK}]
        contents = self._contents({each.id for each in listed})
        return {shown(each.path): contents[each.id] for each in listed}

    def changed(self, base: str, head: str) -> tuple[SideFile, ...]:
        """Both sides of every file that differs, as far as there is a file; links are left out.

        An empty `base` stands for a commit without files.
        """
        before = self.tree_id(base) if base else empty_tree(head)
        arguments = ("diff-tree", "--stdin", "-r", "--raw", "-z", "--no-renames", "--no-abbrev")
        given = f"{before} {self.tree_id(head)}\n".encode()
        with closing(self.git.stream(*arguments, given=given)) as raw:
            entries = [each for each in records(raw) if not isinstance(each, Pair)]
        contents = self._contents(_blobs(entries))
        return tuple(_sides(entries, contents))

    def extract(self, commit: str, folder: Path) -> None:
        """Lay the commit's tree out below `folder`, which is empty. Raises `TreeRefused`, OSError."""
        listed = self._list(commit, "")
        contents = self._contents({each.id for each in listed if each.mode != _GITLINK})
        for each in listed:
            if each.mode == _GITLINK:
                _place(folder, each.path).mkdir(parents=True, exist_ok=True)
            elif each.mode != _LINK:
                _write(_place(folder, each.path), contents[each.id], executable=each.mode == _EXECUTABLE)
        # Links last: nothing is ever written through one.
        for each in listed:
            if each.mode == _LINK:
                _link(_place(folder, each.path), contents[each.id])

    def _list(self, commit: str, place: str) -> tuple[_Listed, ...]:
        narrowed = ("--", place) if place else ()
        # Paths are taken literally, never as patterns.
        said = self.git.run("--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, *narrowed)
        return tuple(_listed(line) for line in said.split(b"\0") if line)

    def _contents(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        said = memoryview(
            self.git.run("cat-file", "--batch", given="".join(f"{each}\n" for each in wanted).encode())
        )
        return dict(_objects(said, wanted))


def _listed(line: bytes) -> _Listed:
    heading, _, path = line.partition(b"\t")
    mode, _, identifier = heading.decode("ascii").split(" ")
    return _Listed(mode, identifier, path)


def _blobs(entries: Iterable[Entry]) -> Iterator[str]:
    for each in entries:
        yield from (identifier for _, identifier in _files(each))


def _files(entry: Entry) -> Iterator[tuple[str, str]]:
    sides = (("base", entry.old_mode, entry.old), ("head", entry.new_mode, entry.new))
    yield from ((side, each) for side, mode, each in sides if mode not in {"", _LINK, _GITLINK})


def _sides(entries: Iterable[Entry], contents: Mapping[str, bytes]) -> Iterator[SideFile]:
    for each in entries:
        for side, identifier in _files(each):
            yield SideFile("base" if side == "base" else "head", shown(each.path), contents[identifier])


def _objects(said: memoryview, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    at = 0
    for identifier in wanted:
        end = bytes(said[at : at + 200]).find(b"\n")
        heading = bytes(said[at : at + end]).split(b" ")
        if len(heading) != 3 or heading[1] != b"blob":  # noqa: PLR2004 - id, type, size
            raise TreeRefused(f"the object {identifier} cannot be read as a file")
        start = at + end + 1
        stop = start + int(heading[2])
        yield identifier, bytes(said[start:stop])
        at = stop + 1


def _place(folder: Path, path: bytes) -> Path:
    parts = path.split(b"/")
    if any(part in _FORBIDDEN or b"\0" in part for part in parts):
        raise TreeRefused(f"{shown(path)!r} is no path that a folder can hold")
    return folder.joinpath(*(os.fsdecode(part) for part in parts))


def _write(place: Path, content: bytes, *, executable: bool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with place.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise TreeRefused(f"{place.name!r} stands in its folder twice") from None
    place.chmod(0o755 if executable else 0o644)


def _link(place: Path, target: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if b"\0" in target or not target:
        raise TreeRefused(f"the link {place.name!r} leads nowhere")
    place.symlink_to(os.fsdecode(target))

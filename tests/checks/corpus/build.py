"""The corpus made real: every row's commits in one repository, those that need a repository's other files in their own.

Beside each change stands what is true of its files, computed from what was put into it and not from git.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checks.change import Change, Update
from tests.checks.corpus.rows import Row, Step, raw
from tests.checks.objects import (
    COMMIT_LINK,
    FOLDER,
    NO_ID,
    REGULAR,
    Leaf,
    Objects,
    bare_repository,
    loose,
    order,
)

WORKFLOW = "wf-aaaaaaaaaaaaaaaaaaaa"
NAMESPACE = f"refs/heads/agent/{WORKFLOW}/"
ORDINARY = {
    b".ci/run": b"#!/bin/sh\nmake test\n",
    b".github/workflows/ci.yml": b"on: push\n",
    b"README.md": b"# Ordinary\n",
    b"auth/login.py": b"def login():\n    return None\n",
    b"docs/guide.md": b"# Guide\n",
    b"security/rules.txt": b"none\n",
    b"src/app.py": b"print('app')\n",
    b"src/lib/text.py": b"TEXT = ''\n",
    b"src/table.csv": b"a,b\n1,2\n",
    b"tests/test_app.py": b"def test_app():\n    assert True\n",
}
_STAMP = "1700000000 +0000"
_FOREIGN = "1234567890" * 4

Files = Mapping[bytes, Leaf]


@dataclass(frozen=True, slots=True)
class Made:
    """One commit of a row: its id, its tree's id, and its files, where its tree is ordinary."""

    id: str
    tree: str
    parents: tuple["Made", ...]
    files: Files
    ordinary: bool = True


@dataclass(frozen=True, slots=True)
class Built:
    """One row as a change that can be described. made: its commits by label."""

    row: Row
    change: Change
    made: Mapping[str, Made]
    steps: tuple[Made, ...]


@dataclass(slots=True)
class Builder:
    """Makes the commits of one row."""

    row: Row
    objects: Objects = field(default_factory=Objects)
    made: dict[str, Made] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)

    def build(self, folder: Path, shared: Path) -> Built:
        """Write everything into `shared`, or into a repository below `folder` where the row needs its own."""
        start = self._commit(Step(message="Start\n"), (), _leaves(self.objects, ORDINARY))
        self.made["start"] = start
        self.made["base"] = self._step(self.row.base, start) if self.row.base != Step() else start
        for label, step in self.row.side.items():
            self.made[label] = self._step(step, self.made["base"])
        last, steps = self.made["base"], []
        for step in self.row.steps:
            last = self._step(step, last)
            steps.append(last)
            if step.label:
                self.made[step.label] = last
        self.made["head"] = self.made.get(self.row.head, last)
        place = self._place(folder, shared)
        change = self._change(place)
        self.objects.write(place / "objects")
        self._spoil(place)
        return Built(self.row, change, dict(self.made), tuple(steps))

    def _step(self, step: Step, before: Made) -> Made:
        parents = (before,) if step.parents is None else tuple(self.made[each] for each in step.parents)
        origin = self.made[step.tree_of] if step.tree_of else (parents[0] if parents else None)
        files = dict(origin.files) if origin else {}
        for path in map(raw, step.drop):
            files = {each: leaf for each, leaf in files.items() if not _is_or_below(each, path)}
        for given, content in step.put.items():
            mode, path = _mode_and_path(given)
            files = {each: leaf for each, leaf in files.items() if not _in_the_way(each, path)}
            files[path] = self._leaf(mode, content)
        return self._commit(step, parents, files)

    def _leaf(self, mode: bytes, content: str | None) -> Leaf:
        if content is None:
            return (COMMIT_LINK, _FOREIGN)
        if content.startswith("="):
            return (mode, content[1:])
        return (mode, self.objects.blob(raw(content)))

    def _commit(self, step: Step, parents: tuple[Made, ...], files: Files) -> Made:
        tree = self.objects.folders(files)
        for folder, entries in step.raw.items():
            tree = self._replaced(tree, [each for each in raw(folder).split(b"/") if each], entries)
        if step.cut:
            tree = self.objects.add("tree", self.objects.made[tree][1] + raw(step.cut))
        content = _content(step, tree, parents)
        return Made(
            self.objects.add("commit", content), tree, parents, files, ordinary=not (step.raw or step.cut)
        )

    def _replaced(self, tree: str, names: list[bytes], entries: tuple[tuple[str, str, str], ...]) -> str:
        """The tree with the folder `names` made of exactly these entries."""
        if not names:
            return self.objects.tree(
                (mode.encode(), raw(name), self._what(what, tree)) for mode, name, what in entries
            )
        old = list(_entries(self.objects.made[tree][1]))
        found = {name: of for _, name, of in old}
        below = self._replaced(found.get(names[0]) or self.objects.tree(()), names[1:], entries)
        kept = [entry for entry in old if entry[1] != names[0]]
        return self.objects.tree(sorted([*kept, (FOLDER, names[0], below)], key=order))

    def _what(self, what: str, tree: str) -> str:
        if what.startswith("="):
            return what[1:]
        if what.startswith("@"):  # what stands in this folder under this name
            return {name: of for _, name, of in _entries(self.objects.made[tree][1])}[raw(what[1:])]
        if what.startswith("/"):
            return self.objects.folders(
                {raw(what[1:]): (REGULAR, self.objects.blob(b"inside\n"))} if what[1:] else {}
            )
        return self.objects.blob(raw(what))

    def _place(self, folder: Path, shared: Path) -> Path:
        if not (self.row.repository or self.row.spoil):
            return shared
        place = bare_repository(folder / self.objects.blob(self.row.name.encode()))
        for name, content in self.row.repository.items():
            file = place / self._filled(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(raw(self._filled(content)))
        return place

    def _filled(self, text: str) -> str:
        for label, made in self.made.items():
            text = text.replace(f"<{label}>", made.id).replace(f"<{label}/2>", f"{made.id[:2]}/{made.id[2:]}")
            text = text.replace(f"<{label}:tree>", made.tree)
        return text

    def _spoil(self, place: Path) -> None:
        """What goes wrong on the disk: `gone ID` or `other ID`, by label."""
        if not self.row.spoil:
            return
        how, _, label = self.row.spoil.partition(" ")
        name = self._filled(f"<{label}>")
        file = place / "objects" / name[:2] / name[2:]
        match how:
            case "gone":
                file.unlink()
            case "other":  # a whole object, and not the one that its name says
                file.write_bytes(loose(*self.objects.made[self.made["start"].id]))
            case _:
                file.write_bytes(b"no object at all")

    def _change(self, place: Path) -> Change:
        head = self._id(self.row.head or "head")
        updates = self.row.updates or ((f"{NAMESPACE}change", NO_ID, head),)
        return Change(
            repository=place,
            objects=None,
            base_ref="main",
            base=self._id(self.row.base_is),
            updates=tuple(Update(name, self._id(old), self._id(new)) for name, old, new in updates),
        )

    def _id(self, label: str) -> str:
        match label:
            case "none":
                return NO_ID
            case "blob":
                return self.objects.blob(b"print('app')\n")
            case "tree":
                return self.made["head"].tree
            case _ if label.startswith("tag:"):
                of = label.removeprefix("tag:")
                kind = of if of in {"blob", "tree"} else "commit"
                text = f"object {self._id(of)}\ntype {kind}\ntag v1\ntagger Agent <agent@example.org> {_STAMP}\n\nv1\n"
                return self.objects.add("tag", text.encode())
            case _:
                return self.made[label].id if label in self.made else label


def _leaves(objects: Objects, files: Mapping[bytes, bytes]) -> Files:
    return {path: (REGULAR, objects.blob(content)) for path, content in files.items()}


def _content(step: Step, tree: str, parents: tuple[Made, ...]) -> bytes:
    if step.whole:
        text = step.whole.replace("TREE", tree).replace("PARENT", parents[0].id if parents else "")
        return raw(text)
    lines = [f"tree {tree}", *(f"parent {parent.id}" for parent in parents)]
    people = b"author %s %s\ncommitter %s %s\n" % (
        raw(step.author),
        _STAMP.encode(),
        raw(step.committer),
        _STAMP.encode(),
    )
    return "\n".join(lines).encode() + b"\n" + people + raw(step.headers) + b"\n" + raw(step.message)


def _mode_and_path(given: str) -> tuple[bytes, bytes]:
    mode, blank, path = given.partition(" ")
    if blank and len(mode) in {5, 6} and mode.isdecimal():
        return mode.encode(), raw(path)
    return (FOLDER if given.endswith("/") else REGULAR), raw(given)


def _is_or_below(path: bytes, named: bytes) -> bool:
    return path == named or path.startswith(named.rstrip(b"/") + b"/")


def _in_the_way(path: bytes, new: bytes) -> bool:
    return _is_or_below(path, new) or _is_or_below(new, path)


def _entries(content: bytes) -> list[tuple[bytes, bytes, str]]:
    found, at = [], 0
    while at < len(content):
        nul = content.index(b"\0", at)
        mode, _, name = content[at:nul].partition(b" ")
        found.append((mode, name, content[nul + 1 : nul + 21].hex()))
        at = nul + 21
    return found

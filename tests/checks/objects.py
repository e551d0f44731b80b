"""Git objects made byte by byte, so that a test can hold what no git would write; loose objects of one folder.

Ids are computed here as git documents it (gitformat-loose: type, blank, size, zero byte, content); the tests of the
corpus ask git itself whether it sees the same objects.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

REGULAR, PROGRAM, LINK, COMMIT_LINK, FOLDER = b"100644", b"100755", b"120000", b"160000", b"40000"
NO_ID = "0" * 40

Leaf = tuple[bytes, str]
"""Mode and id."""


class Objects:
    """Objects on their way into a repository."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, bytes]] = {}

    def add(self, kind: str, content: bytes) -> str:
        """Remember an object; its id."""
        name = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()
        self.made[name] = (kind, content)
        return name

    def blob(self, content: bytes) -> str:
        return self.add("blob", content)

    def tree(self, entries: Iterable[tuple[bytes, bytes, str]]) -> str:
        """A tree with these entries (mode, name, id) in this order, whatever they are."""
        return self.add(
            "tree", b"".join(b"%s %s\0%s" % (mode, name, bytes.fromhex(of)) for mode, name, of in entries)
        )

    def folders(self, files: Mapping[bytes, Leaf]) -> str:
        """The tree of a whole folder, as git would write it. A path that ends in a slash is an empty folder."""
        inside: dict[bytes, list[tuple[bytes, bytes, str]]] = {b"": []}
        for path, (mode, of) in files.items():
            folder, _, name = path.rpartition(b"/")
            for each in _above(folder):
                inside.setdefault(each, [])
            if name:
                inside[folder].append((mode, name, of))
        for folder in sorted(inside.keys() - {b""}, key=len, reverse=True):  # what lies below comes first
            above, _, name = folder.rpartition(b"/")
            inside[above].append((FOLDER, name, self.tree(sorted(inside[folder], key=order))))
        return self.tree(sorted(inside[b""], key=order))

    def write(self, folder: Path) -> None:
        """Write every object below `folder`, the object folder of a repository."""
        for name, (kind, content) in self.made.items():
            place = folder / name[:2] / name[2:]
            place.parent.mkdir(exist_ok=True)
            if not place.exists():
                place.write_bytes(loose(kind, content))


def bare_repository(folder: Path) -> Path:
    """An empty bare repository, as `git init --bare` makes it."""
    for name in ("objects/info", "objects/pack", "refs/heads", "info"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    return folder


def _above(folder: bytes) -> Iterator[bytes]:
    """The folder and every folder above it."""
    while folder:
        yield folder
        folder = folder.rpartition(b"/")[0]


def loose(kind: str, content: bytes) -> bytes:
    """An object as it lies in a file of its own (gitformat-loose(5))."""
    return zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content, 1)


def order(entry: tuple[bytes, bytes, str]) -> bytes:
    """What git sorts the entries (mode, name, id) of a tree by."""
    mode, name, _ = entry
    return name + b"/" if mode == FOLDER else name

"""Objects read from a repository, many in one go; what is read whole is also hashed, so no store can lie about it.

Knows ids, types, sizes and bytes. What they mean is read elsewhere.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from checks.faults import CannotDescribe, Code
from checks.git import Git

_SHA256_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Header:
    """Type (`blob`, `tree`, `commit`, `tag`) and size in bytes of an object."""

    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Object:
    """One whole object. `content` hashes to `id`."""

    id: str
    type: str
    content: bytes


def headers(git: Git, ids: Iterable[str]) -> dict[str, Header]:
    """Type and size of each object that is there; what is missing is left out. Raises as `Git.stream`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    said = git.run("cat-file", "--batch-check", "--buffer", given=_lines(wanted))
    return {name: header for name, header in map(_header, said.splitlines()) if header is not None}


def contents(git: Git, ids: Iterable[str]) -> Generator[Object, None, None]:
    """Each object that is there, in the order asked; to be closed. Raises as `Git.stream`, and for one that is not its id."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return
    with closing(git.stream("cat-file", "--batch", "--buffer", given=_lines(wanted))) as said:
        reader = _Reader(said)
        while line := reader.line():
            name, header = _header(line)
            if header is None:
                continue
            content = reader.exactly(header.size)
            reader.exactly(1)  # git ends each object with a newline of its own
            if _id_of(header.type, content, len(name)) != name:
                raise CannotDescribe(Code.CORRUPT, f"The object {name} is not what its id says.")
            yield Object(name, header.type, content)


def empty_tree(like: str) -> str:
    """The id of the tree without entries, in the format that the id `like` has."""
    return _id_of("tree", b"", len(like))


def _id_of(kind: str, content: bytes, length: int) -> str:
    new = hashlib.sha256 if length == _SHA256_LENGTH else hashlib.sha1
    digest = new(f"{kind} {len(content)}\0".encode(), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def _header(line: bytes) -> tuple[str, Header | None]:
    name, _, rest = line.decode("ascii").strip().partition(" ")
    kind, _, size = rest.partition(" ")
    return name, Header(kind, int(size)) if size else None


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{each}\n" for each in ids).encode("ascii")


class _Reader:
    """Lines and byte counts out of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = bytearray()

    def line(self) -> bytes:
        """The next line with its newline; empty at the end."""
        while (end := self._held.find(b"\n")) < 0:
            if not self._more():
                return b""
        return self._take(end + 1)

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        while len(self._held) < count:
            if not self._more():
                raise CannotDescribe(Code.CORRUPT, "git ended in the middle of an object.")
        return self._take(count)

    def _more(self) -> bool:
        chunk = next(self._chunks, b"")
        self._held += chunk
        return bool(chunk)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

"""Raw commit objects, read line by line: who, from what, signed or not; pure.

Every line that names a co-author counts, wherever it stands: each forge reads trailers in its own way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from decision.change import CommitFact, Person

_PERSON = re.compile(rb"(?P<name>[^<>]*?)[ \t]*<(?P<email>[^<>]*)>")
_STAMP = re.compile(rb" [0-9]{1,18} [+-][0-9]{4}")
_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_CO_AUTHOR = re.compile(
    rb"^[ \t>]*co-authored-by[ \t]*:((?:.*)(?:[\r\n]+[ \t]+.*)*)", re.IGNORECASE | re.MULTILINE
)
_SIGNATURES = frozenset({b"gpgsig", b"gpgsig-sha256"})
_UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_NOBODY = Person(name="", email="")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `oddities`: why it is not as an ordinary git writes commits; empty where it is."""

    id: str
    tree: str
    parents: tuple[str, ...]
    fact: CommitFact
    oddities: tuple[str, ...]


def parse(commit: str, content: bytes) -> Commit | None:
    """The commit as it stands; None where it names no tree, and so is none."""
    head, _, message = content.partition(b"\n\n")
    headers = list(_headers(head))
    trees = [value for key, value in headers if key == b"tree"]
    parents = [value for key, value in headers if key == b"parent"]
    if not trees or not all(_ID.fullmatch(each) for each in (*trees, *parents)):
        return None
    authors, committers = (_people(headers, key) for key in (b"author", b"committer"))
    fact = CommitFact(
        id=commit,
        parents=len(parents),
        author=authors[0] if authors else _NOBODY,
        committer=committers[0] if committers else _NOBODY,
        co_authors=tuple(_co_authors(message)),
        signature="present" if any(key in _SIGNATURES for key, _ in headers) else "none",
    )
    odd = tuple(why for why, holds in _oddities(headers, content) if holds)
    return Commit(commit, trees[0].decode(), tuple(each.decode() for each in parents), fact, odd)


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Key and first line of each header; a line that begins with a blank continues the one before it."""
    for line in head.split(b"\n"):
        if not line.startswith(b" "):
            key, _, value = line.partition(b" ")
            yield key, value


def _people(headers: list[tuple[bytes, bytes]], key: bytes) -> list[Person]:
    return [_person(value) for found, value in headers if found == key]


def _person(value: bytes) -> Person:
    found = _PERSON.match(value)
    if found is None:
        return Person(name=_text(value), email="")
    return Person(name=_text(found["name"]), email=_text(found["email"]))


def _co_authors(message: bytes) -> Iterator[Person]:
    for line in _CO_AUTHOR.findall(message.replace(b"\0", b"\n")):
        value = b" ".join(line.split())
        found = list(_PERSON.finditer(value))
        # Two on one line are two; none at all is still somebody named.
        yield from (_person(each.group()) for each in found)
        if not found:
            yield Person(name=_text(value), email="")


def _oddities(headers: list[tuple[bytes, bytes]], content: bytes) -> tuple[tuple[str, bool], ...]:
    keys = [key for key, _ in headers]
    encodings = [value for key, value in headers if key == b"encoding"]
    persons = [value for key, value in headers if key in {b"author", b"committer"}]
    order = [key for key in keys if key in {b"tree", b"parent", b"author", b"committer"}]
    whole = [b"tree", *([b"parent"] * keys.count(b"parent")), b"author", b"committer"]
    return (
        ("its headers are not tree, parents, author and committer, each in its place", order != whole),
        ("it names a person in a form that git does not write", not all(map(_is_person, persons))),
        ("it is not written in UTF-8", any(each.lower() not in _UTF_8 for each in encodings)),
        ("it holds a zero byte", b"\0" in content),
    )


def _is_person(value: bytes) -> bool:
    found = _PERSON.match(value)
    return found is not None and _STAMP.fullmatch(value[found.end() :]) is not None


def _text(raw: bytes) -> str:
    return raw.strip().decode("utf-8", "backslashreplace")

"""What an agent wrote, made fit to be looked at: bounded, and unable to speak to a terminal or to look like our own words; pure.

Promises lines of printable text: nothing that steers, hides, reorders or overflows, each short enough that no terminal
breaks it where no mark would stand.
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 4_000
MOST_LINES = 60
MOST_NAME = 40
_TAB = "    "
_MOST_MARKS = 2
"""Combining marks on one letter: more of them paint over the lines above and below."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the agent wrote; `name` is empty for the whole of a body. `left_out` counts characters."""

    name: str
    lines: tuple[str, ...]
    left_out: int


def parts_of(body: bytes, kind: str) -> tuple[Part, ...]:
    """What a body says. That of a pull request is told title first; every other as it stands.

    `kind` is the type of output that its route names.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return (Part("", (f"{len(body)} bytes that are no text",), 0),)
    fields = _fields(text) if kind == "create-pr" else None
    if fields is None:
        return (_part("", text),)
    first = [name for name in ("title", "body") if name in fields]
    names = [*first, *(name for name in fields if name not in first)]
    return tuple(_part(name, _plain(fields[name])) for name in names)


def escaped(text: str) -> str:
    """One line of text with everything escaped that is not plainly seen."""
    return "".join(_escaped(unicodedata.normalize("NFC", text).replace("\t", _TAB)))


def broken(line: str, width: int) -> Iterator[str]:
    """A line in pieces of at most `width` cells, counted so that no terminal needs more: two for all but ASCII."""
    piece, room = "", width
    for character in line:
        cells = 1 if character.isascii() else 2
        if cells > room:
            yield piece
            piece, room = "", width
        piece, room = piece + character, room - cells
    yield piece


def _fields(text: str) -> dict[str, Any] | None:
    """The fields of a JSON object; None where it is none, or could be read in two ways."""
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice: a reader that takes the other one would see something else")
    return fields


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _part(name: str, text: str) -> Part:
    kept = text[:MOST_CHARACTERS]
    # As editors break lines; other separators of Unicode's are escaped.
    lines = kept.replace("\r\n", "\n").split("\n")
    shown = lines[:MOST_LINES]
    left_out = len(text) - len(kept) + sum(len(line) + 1 for line in lines[MOST_LINES:])
    return Part(escaped(name[:MOST_NAME]), tuple(map(escaped, shown)), left_out)


def _escaped(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if character.isprintable() and marks <= _MOST_MARKS:
            yield character
        else:
            yield ascii(character)[1:-1]

"""The words of the query language: text to tokens, each with its position.

Pure. Promise: any text gives tokens or a `QueryError` that says where (0-based offset) and what was expected.
"""

import re
from dataclasses import dataclass
from typing import Literal

QUERY_LIMIT = 1_000  # characters

Kind = Literal["name", "string", "duration", "symbol", "end"]

_SPACE = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION = re.compile(r"([0-9]{1,6})([smhd])(?![A-Za-z0-9_])")
_STRING = re.compile(r'"((?:[^"\\\n]|\\["\\])*)"')
_SYMBOL = re.compile(r"=~|!~|!=|[=(){}\[\],]")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class QueryError(Exception):
    """A query that this language does not have; `position` is the offset, `expected` what would have been right."""

    def __init__(self, position: int, expected: str, found: str) -> None:
        super().__init__(f"at {position}: expected {expected}, found {found}")
        self.position = position
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `text` without quotes and escapes, `seconds` for a duration, else 0."""

    kind: Kind
    text: str
    position: int
    seconds: int = 0

    def shown(self) -> str:
        """Return the token as an error message names it."""
        return "the end of the query" if self.kind == "end" else f"`{self.text}`"


def tokenize(text: str) -> list[Token]:
    """Split `text` into tokens, the last of kind "end"; raises QueryError."""
    if len(text) > QUERY_LIMIT:
        raise QueryError(QUERY_LIMIT, f"a query of at most {QUERY_LIMIT} characters", f"{len(text)}")
    tokens: list[Token] = []
    position = _skip_space(text, 0)
    while position < len(text):
        token, position = _next(text, position)
        tokens.append(token)
        position = _skip_space(text, position)
    tokens.append(Token("end", "", len(text)))
    return tokens


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def _next(text: str, position: int) -> tuple[Token, int]:
    if match := _NAME.match(text, position):
        return Token("name", match[0], position), match.end()
    if match := _DURATION.match(text, position):
        return Token("duration", match[0], position, int(match[1]) * _UNIT_S[match[2]]), match.end()
    if match := _STRING.match(text, position):
        return Token("string", re.sub(r"\\(.)", r"\1", match[1]), position), match.end()
    if match := _SYMBOL.match(text, position):
        return Token("symbol", match[0], position), match.end()
    found = text[position]
    if found == '"':
        raise QueryError(
            position, 'a closing " (inside a string only \\" and \\\\ are escapes)', "an open string"
        )
    if found.isascii() and found.isdigit():
        raise QueryError(position, "a duration such as 90s, 5m, 1h or 14d", f"`{found}`")
    raise QueryError(
        position, "a name, a string, a duration or one of ( ) { } [ ] , = != =~ !~", ascii(found)
    )

"""Label patterns of `=~` and `!~`: a part of regular expressions that cannot run long.

Pure. Letters, digits, `_`, `-` and `/` stand for themselves, `.` for any one character, `.*` for any characters,
`|` separates whole alternatives. Always a full match: `eu` does not match "eu-west".
"""

import re
from dataclasses import dataclass

PATTERN_LIMIT = 64  # characters
WILDCARD_LIMIT = 3  # `.*` in one alternative: with more, matching time could grow without bound
_FOREIGN = re.compile(r"[^A-Za-z0-9_./|*-]|(?<!\.)\*")


class PatternError(Exception):
    """The pattern is outside the language; `offset` is inside the pattern, `expected` what would have been right."""

    def __init__(self, offset: int, expected: str) -> None:
        super().__init__(f"at {offset}: expected {expected}")
        self.offset = offset
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern."""

    source: str
    _compiled: re.Pattern[str]

    def matches(self, value: str) -> bool:
        """Say whether the whole of `value` matches."""
        return self._compiled.fullmatch(value) is not None


def read_pattern(source: str) -> Pattern:
    """Check and compile `source`; raises PatternError."""
    if len(source) > PATTERN_LIMIT:
        raise PatternError(PATTERN_LIMIT, f"a pattern of at most {PATTERN_LIMIT} characters")
    if foreign := _FOREIGN.search(source):
        raise PatternError(foreign.start(), "letters, digits, _ - / . .* or | in a pattern")
    offset = 0
    for alternative in source.split("|"):
        if alternative.count(".*") > WILDCARD_LIMIT:
            raise PatternError(offset, f"at most {WILDCARD_LIMIT} wildcards .* in one alternative")
        offset += len(alternative) + 1
    return Pattern(source, re.compile(f"(?:{source})"))

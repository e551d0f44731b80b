"""What a call to a model took, by its provider's own count, read while the answer streams by; and what was spent so far.

The shapes are those of the vendors' references: Chat Completions and Responses, Messages, generateContent. Whatever
cannot be read counts nothing; the answer itself is never touched, and nothing of it is kept.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

MOST_KEPT: Final = 2**20
"""Bytes of an answer, or of one line of a stream, that are looked at."""
MOST_TOKENS: Final = 10**12
MOST_WORKFLOWS: Final = 10_000
DAY_S: Final = 86_400
SHAPES: Final = frozenset({"openai", "anthropic", "gemini"})

_MARK = b"sage"  # of `usage` and `usageMetadata`
_INPUT = ("prompt_tokens", "input_tokens", "promptTokenCount")
_MORE_INPUT = ("cache_creation_input_tokens", "cache_read_input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens", "candidatesTokenCount")
_MORE_OUTPUT = ("thoughtsTokenCount",)
_WITHIN = ("response", "message")
"""Where some events hold the object that has the usage."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call."""

    input_tokens: int
    output_tokens: int

    @property
    def total(self) -> int:
        """Both."""
        return self.input_tokens + self.output_tokens


class Meter:
    """Reads one answer. A provider counts upwards while it streams, so the greatest count is the last."""

    def __init__(self, *, streamed: bool) -> None:
        self._streamed = streamed
        self._kept = b""
        self._lost = False
        self._found = Usage(0, 0)

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the answer."""
        self._kept += chunk
        if self._streamed:
            *lines, self._kept = self._kept.split(b"\n")
            if self._lost and lines:
                lines, self._lost = lines[1:], False
            for line in lines:
                self._read_line(line)
        if len(self._kept) > MOST_KEPT:
            self._kept, self._lost = b"", True

    def end(self) -> Usage | None:
        """What was counted, once the answer is over; None where nothing was."""
        if not self._lost:
            if self._streamed:
                self._read_line(self._kept)
            else:
                self._read(self._kept)
        self._kept = b""
        return self._found if self._found.total else None

    def _read_line(self, line: bytes) -> None:
        if line.startswith(b"data:") and _MARK in line:
            self._read(line[5:])

    def _read(self, text: bytes) -> None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(document, dict):
            return
        for holder in (document, *(document.get(name) for name in _WITHIN)):
            if isinstance(holder, dict):
                self._count(holder.get("usage", holder.get("usageMetadata")))

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        read = _first(usage, _INPUT) + _sum(usage, _MORE_INPUT)
        written = _first(usage, _OUTPUT) + _sum(usage, _MORE_OUTPUT)
        self._found = Usage(max(self._found.input_tokens, read), max(self._found.output_tokens, written))


class Spent:
    """Tokens by workflow, and by role and UTC day."""

    def __init__(self) -> None:
        self._workflows: OrderedDict[str, int] = OrderedDict()
        self._roles: dict[str, tuple[int, int]] = {}

    def add(self, workflow: str, role: str, usage: Usage, now: int) -> None:
        """Count a call. `now` in Unix seconds."""
        self._workflows[workflow] = self._workflows.pop(workflow, 0) + usage.total
        if len(self._workflows) > MOST_WORKFLOWS:
            self._workflows.popitem(last=False)
        self._roles[role] = (now // DAY_S, self.of_role(role, now) + usage.total)

    def of_workflow(self, workflow: str) -> int:
        """What a workflow has spent."""
        return self._workflows.get(workflow, 0)

    def of_role(self, role: str, now: int) -> int:
        """What all workflows of a role have spent today."""
        day, spent = self._roles.get(role, (0, 0))
        return spent if day == now // DAY_S else 0


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int:
    return next((_number(usage[name]) for name in names if name in usage), 0)


def _sum(usage: dict[str, Any], names: tuple[str, ...]) -> int:
    return sum(_number(usage.get(name)) for name in names)


def _number(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else 0

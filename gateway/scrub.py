"""Finds live secrets in a stream of bytes, in every rendering and across any split into chunks.

Holds back only the longest suffix that begins a rendering; everything before it leaves at once, and so does a suffix
of three characters or fewer, which says nothing. A hit names the credential, never the secret. Exact matching: it finds what `gateway.renderings` lists, and proves nothing beyond.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ahocorasick

from gateway.renderings import MIN_BYTES, renderings
from gateway.secret import Secret

# A search costs one comparison for each character that some word begins with, so words begin with few: long words
# drop a few characters at their front to begin with one of the first of these, which are rare in text.
_RARE_FIRST = "\\%&XQZJKVWYqxzjkvw9876543210GHBPUFMDLNCROTAISE"
_RANK = {character: place for place, character in enumerate(_RARE_FIRST)}
_MAY_DROP = 4
_SAYS_NOTHING = 3
"""A beginning this short leaves, remembered: with what words drop, fewer than 8 bytes of a secret ever leave."""
_HEAD = 3


@dataclass(frozen=True, slots=True)
class LiveSecret:
    """A secret that must not come back, under the name that a hit shows."""

    reference: str
    value: Secret


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret was found: whose, and in which rendering."""

    reference: str
    rendering: str


class Scrubber:
    """Searches for a fixed set of secrets. Building one takes about a millisecond for each ten fragments."""

    def __init__(self, secrets: Iterable[LiveSecret]) -> None:
        words: dict[str, Hit] = {}
        for secret in secrets:
            for rendering, name in renderings(secret.value.reveal().encode()).items():
                words.setdefault(_word(rendering.decode("latin-1")), Hit(secret.reference, name))
        self._automaton: Any = ahocorasick.Automaton()
        for word, hit in words.items():
            self._automaton.add_word(word, hit)
        self._automaton.make_automaton()
        self._longest = max(map(len, words), default=0)
        self._alphabet = "".join(sorted(set().union(*words)))
        self._heads = {word[:length] for word in words for length in range(1, _HEAD + 1)}

    def find(self, data: bytes) -> Hit | None:
        """The first secret in `data`, if there is one."""
        return self._find(data.decode("latin-1"))

    def stream(self) -> "Scan":
        """A fresh search through one stream of bytes."""
        return Scan(self)

    def _find(self, text: str) -> Hit | None:
        if not self._longest:  # without words there is no automaton either
            return None
        for _, hit in self._automaton.iter(text):
            found: Hit = hit
            return found
        return None

    def _held(self, text: str) -> int:
        """How many characters at the end of `text` are the beginning of a word."""
        end = text[-(self._longest - 1) :] if self._longest else ""
        # A character that is in no word ends every beginning: most chunks end with one.
        for start in range(len(end.rstrip(self._alphabet)), len(end)):
            if end[start : start + _HEAD] in self._heads:
                suffix = end[start:]
                if self._automaton.longest_prefix(suffix) == len(suffix):
                    return len(suffix)
        return 0


class Scan:
    """One stream: what was fed comes out unchanged and as early as possible, until a secret is found in it."""

    __slots__ = ("_begun", "_left", "_scrubber")

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._begun = b""
        """The end of what was fed that begins a rendering: all that the past can add to a match."""
        self._left = 0
        """How many bytes of it have left."""

    def feed(self, chunk: bytes, *, last: bool = False) -> bytes | Hit:
        """What may leave now, which may be nothing; or the secret that this chunk completes. End the stream then.

        After the `last` chunk nothing can be completed, so nothing is held back.
        """
        data = self._begun + chunk
        text = data.decode("latin-1")
        hit = self._scrubber._find(text)  # noqa: SLF001 - the two are one thing
        if hit is not None:
            return hit
        held = 0 if last else self._scrubber._held(text)  # noqa: SLF001
        begin = len(data) - held
        until = len(data) if held <= _SAYS_NOTHING else max(begin, self._left)
        leaves = data[self._left : until]
        self._begun, self._left = data[begin:], until - begin
        return leaves

    def end(self) -> bytes:
        """What was held back: the stream is over, so it began nothing."""
        rest, self._begun, self._left = self._begun[self._left :], b"", 0
        return rest


def _word(rendering: str) -> str:
    """A part of the rendering, hardly shorter, that begins with a rare character; it stands for the whole."""
    droppable = range(max(1, min(_MAY_DROP, len(rendering) - 2 * MIN_BYTES) + 1))
    return rendering[min(droppable, key=lambda place: _RANK.get(rendering[place], len(_RANK))) :]

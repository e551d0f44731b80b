"""The questions that a search asks of two policies: every role at every door, with values at their boundaries.

First what is granted, with one value varied at a time; then what is not granted; then two values at a time, those that
the rules name before others, as far as there is room. What is left out is left out everywhere, never cut off at the end.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from authoring.asking import Question
from authoring.difference.changes import changes, verdicts
from authoring.difference.requests import requests, tokens
from authoring.difference.subject import Subject, Variation
from authoring.difference.words import Words
from authoring.recorded import Kind
from decision.config import Configuration

MOST = 10_000
_GOLDEN = 0.6180339887498949
"""Steps of this part of a whole never come near where they were for long."""

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and what to show people of it."""

    kind: Kind
    document: bytes
    example: Mapping[str, Any]

    @property
    def question(self) -> Question:
        """As it is asked."""
        return Question(self.kind, self.document)


def questions(configuration: Configuration, words: Words, most: int = MOST) -> list[Asked]:
    """What to ask of policies that have this configuration; the same for the same."""
    subjects = [
        *requests(configuration, words),
        *tokens(configuration),
        *changes(configuration, words),
        *verdicts(configuration),
    ]
    first = [asked for subject in subjects for asked in _alone(subject, paired=True)]
    second = [asked for subject in subjects for asked in _alone(subject, paired=False)]
    found = _some(first, most)
    found += _some(second, most - len(found))
    for pairs in (_pairs_with_named, _pairs):
        every = [pair for subject in subjects if subject.paired for pair in pairs(subject)]
        found += [_asked(*pair) for pair in _some(every, most - len(found))]
    return found


_Thing = TypeVar("_Thing")


def _some(things: Sequence[_Thing], most: int) -> list[_Thing]:
    """At most so many, from everywhere: a step without a common divisor goes past each thing once."""
    count = len(things)
    if count <= most:
        return list(things)
    step = max(1, int(count * _GOLDEN))
    while math.gcd(step, count) > 1:
        step += 1
    return [things[place * step % count] for place in range(most)]


def _alone(subject: Subject, *, paired: bool) -> Iterator[Asked]:
    """The subject as it is, and with each variation; those that matter most first."""
    if paired:
        yield _asked(subject)
    if subject.paired is paired:
        every = itertools.chain(subject.variations, subject.named)
        yield from (_asked(subject, variation) for variation in every)


_Pair = tuple[Subject, Variation, Variation]


def _pairs_with_named(subject: Subject) -> Iterator[_Pair]:
    return _apart(subject, itertools.product(subject.named, subject.variations))


def _pairs(subject: Subject) -> Iterator[_Pair]:
    return _apart(subject, itertools.combinations(subject.variations, 2))


def _apart(subject: Subject, pairs: Iterable[tuple[Variation, Variation]]) -> Iterator[_Pair]:
    # Two values of the same field are one value.
    return ((subject, one, other) for one, other in pairs if not one.keys() & other.keys())


def _asked(subject: Subject, *variations: Variation) -> Asked:
    document: dict[str, Any] = dict(subject.document)
    varied: dict[str, Any] = {}
    for name, value in itertools.chain.from_iterable(each.items() for each in variations):
        outer, _, inner = name.partition(".")
        document[outer] = {**document[outer], inner: value} if inner else value
        varied[name] = value
    example = {**subject.example, **({"with": varied} if varied else {})}
    return Asked(subject.kind, _encoder.encode(document), example)

"""What two policies let through that the other does not: exact for what the files say, searched for what Rego does; pure.

Verdicts of single lines and of the whole. A line says which it is; that a search found nothing is never called proof.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from authoring.difference.terms import Key, Term

Direction = Literal["tightened", "loosened", "both"]
How = Literal["exact", "searched"]
Verdict = Literal["equal", "tightened", "loosened", "both"]


@dataclass(frozen=True, slots=True)
class Line:
    """One difference: which way it goes, how that is known, what it is, and a request that shows it."""

    direction: Direction
    how: How
    what: str
    example: Mapping[str, Any] | None
    count: int = 1
    """Of searched ones: how many questions were answered so."""


@dataclass(frozen=True, slots=True)
class Searched:
    """How far was searched."""

    questions: int
    differing: int
    other_reasons: int
    """Answers that are the same, for other reasons."""
    not_understood: int
    """Questions that one of both finds incomplete: it is of another release and knows other facts. Not compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that was found."""

    old: str
    """The revision of the one."""
    new: str
    lines: tuple[Line, ...]
    searched: Searched | None
    """None where the Rego of both is the same, byte for byte: then all is exact."""

    @property
    def verdict(self) -> Verdict:
        """What all lines come to; `equal` where there is none."""
        directions = {line.direction for line in self.lines}
        if not directions:
            return "equal"
        loosened, tightened = directions & {"loosened", "both"}, directions & {"tightened", "both"}
        if loosened and tightened:
            return "both"
        return "loosened" if loosened else "tightened"

    @property
    def loosens(self) -> bool:
        """Whether anything is known to be let through that was not before."""
        return self.verdict in {"loosened", "both"}


def exact(old: Mapping[Key, Term], new: Mapping[Key, Term]) -> tuple[Line, ...]:
    """The differences of two lists of terms, loosenings first."""
    found = [line for key in {**old, **new} for line in _line(key, old, new)]
    return tuple(sorted(found, key=lambda line: (_ORDER[line.direction], line.what)))


_ORDER: Mapping[Direction, int] = {"loosened": 0, "both": 1, "tightened": 2}


def _line(key: Key, old: Mapping[Key, Term], new: Mapping[Key, Term]) -> Iterable[Line]:
    before, after = old.get(key), new.get(key)
    known = after or before
    assert known is not None
    if known.within is not None and not (known.within in old and known.within in new):
        return  # what it is within came or went, and is spoken of itself
    direction = _direction(before, after, known)
    if direction is not None:
        yield Line(direction, "exact", _said(before, after, known), known.example)


def _direction(before: Term | None, after: Term | None, known: Term) -> Direction | None:
    if before is not None and after is not None and before.value == after.value:
        return None
    match known.form:
        case "may":
            return "loosened" if after else "tightened"
        case "must_not":
            return "tightened" if after else "loosened"
        case "at_most":
            return "loosened" if _most(after) > _most(before) else "tightened"
        case "at_least":
            return "tightened" if _least(after) > _least(before) else "loosened"
        case "is":
            return "both" if before and after else None


def _most(term: Term | None) -> float:
    return float("inf") if term is None else float(term.value)


def _least(term: Term | None) -> float:
    return 0.0 if term is None else float(term.value)


def _said(before: Term | None, after: Term | None, known: Term) -> str:
    if known.form in {"may", "must_not"}:
        return f"{known.text} ({'new' if after else 'no longer'})"
    values = ("without limit" if each is None else str(each.value) for each in (before, after))
    return f"{known.text}: {' -> '.join(values)}"


def in_order(lines: Iterable[Line]) -> Iterator[Line]:
    """Loosenings first, exact before searched."""
    return iter(sorted(lines, key=lambda line: (_ORDER[line.direction], line.how, line.what)))

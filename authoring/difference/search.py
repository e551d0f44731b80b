"""What two sets of rules answer otherwise, found by asking the real OPA of both the same questions.

A search finds; it proves nothing about what it did not ask. Differences are grouped by the rules that make them.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authoring.asking import engine_of
from authoring.difference.difference import Direction, Line, Searched
from authoring.difference.questions import Asked
from authoring.said import Said, difference, rules_between, said_by

_WORDS = {"deny": 0, "hold": 1, "allow": 2}
_LIMITS = frozenset({"max_body_bytes", "timeout_ms"})
_WINDOW = 2048
_INCOMPLETE = ".input_incomplete"
"""The questions of a search are complete: whoever says otherwise knows other facts than this release."""

_Group = tuple[Direction, str, str]


async def search(
    opa: Path, old: Path, new: Path, questions: Sequence[Asked]
) -> tuple[tuple[Line, ...], Searched]:
    """Ask both folders. Raises `ConfigErrors` (with the folder's file and line) and `EngineLost`."""
    found = _Found()
    async with engine_of(opa, old, 1) as (first, _), engine_of(opa, new, 1) as (second, _):
        for place in range(0, len(questions), _WINDOW):
            part = questions[place : place + _WINDOW]
            asked = [each.question for each in part]
            answers = await asyncio.gather(first.ask(asked), second.ask(asked))
            for each, before, after in zip(part, *answers, strict=True):
                found.note(each, said_by(before), said_by(after))
    return found.lines(), Searched(
        len(questions), sum(found.counts.values()), found.other_reasons, found.not_understood
    )


@dataclass(slots=True)
class _Found:
    """What was answered otherwise so far."""

    counts: Counter[_Group] = field(default_factory=Counter)
    examples: dict[_Group, Mapping[str, Any]] = field(default_factory=dict)
    other_reasons: int = 0
    not_understood: int = 0

    def note(self, asked: Asked, before: Said, after: Said) -> None:
        """Compare two answers to one question."""
        if any(rule.endswith(_INCOMPLETE) for rule in (*before.rules, *after.rules)):
            self.not_understood += 1
            return
        direction = way(before, after)
        if direction is None:
            self.other_reasons += before.rules != after.rules
            return
        group = (direction, _what(before, after), str(asked.example.get("role", "")))
        self.counts[group] += 1
        # The shortest example says most.
        if group not in self.examples or len(str(asked.example)) < len(str(self.examples[group])):
            self.examples[group] = asked.example

    def lines(self) -> tuple[Line, ...]:
        """One for each kind of difference."""
        return tuple(
            Line(
                group[0],
                "searched",
                f"{group[2]}: {group[1]}" if group[2] else group[1],
                self.examples[group],
                count,
            )
            for group, count in self.counts.items()
        )


def way(before: Said, after: Said) -> Direction | None:
    """Which way a difference goes; None where both let the same through under the same obligations."""
    what = difference(before, after)
    if what == "decision":
        return "loosened" if _WORDS[after.decision] > _WORDS[before.decision] else "tightened"
    if what == "obligations" and before.decision != "deny":
        return _way_of_obligations(set(before.obligations or ()), set(after.obligations or ()))
    return None


def _way_of_obligations(before: set[str], after: set[str]) -> Direction:
    gone, come = before - after, after - before
    if not gone or not come:
        return "loosened" if gone else "tightened"
    old, new = _limits(gone), _limits(come)
    if old is None or new is None or old.keys() != new.keys():
        return "both"
    higher = {new[name] > old[name] for name in old}
    if higher == {True}:
        return "loosened"
    return "tightened" if higher == {False} else "both"


def _limits(lines: set[str]) -> dict[str, int] | None:
    """The values of obligations that are a limit each; None where one is something else."""
    found: dict[str, int] = {}
    for line in lines:
        kind, _, properties = line.partition(" ")
        if kind not in _LIMITS or kind in found:
            return None
        found[kind] = json.loads(properties)["limit"]
    return found


def _what(before: Said, after: Said) -> str:
    if before.decision != after.decision:
        rules = ", ".join(rules_between(before, after))
        return f"{before.decision} -> {after.decision}" + (f" by {rules}" if rules else "")
    changed = sorted(set(before.obligations or ()) ^ set(after.obligations or ()))
    return (
        f"{before.decision} under other obligations: {', '.join(line.partition(' ')[0] for line in changed)}"
    )

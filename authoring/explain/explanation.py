"""Why a decision came out as it did, as values: what spoke, what kept silent and why, and the facts they saw; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Part = Literal["grant", "lacks", "deny", "hold", "obligation", "attempt"]
"""What a rule says where it speaks; see docs/policies.md."""

ABSENT = "(not there)"
MOST_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that a rule looks at, by its name in Rego; `value` is JSON, cut where it is long."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A condition that did not hold, where it stands, and what its variables were."""

    file: str
    line: int
    text: str
    variables: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """One rule of the area, as it met this input."""

    rule: str
    part: Part
    spoke: bool
    heard: bool
    """Whether what it said counted: what lacks does not beside a grant, and an obligation does not in a denial."""
    title: str
    code: str
    file: str
    line: int
    stops: tuple[Stop, ...]
    """Of a rule that kept silent: the conditions that did not hold, from the rule down into its helpers."""
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reason as it was recorded, with the remedy that policy gives for it."""

    code: str
    rule: str
    message: str
    remedy: str
    audience: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is told of one decision."""

    id: str
    seq: int
    time_ms: int
    kind: str
    workflow: str
    role: str
    decision: str
    by: str
    """Who decided: `policy`, or which part of the gateway, and why policy was not heard."""
    revision: str
    asked: str
    """Method and target, or what else was asked, in a line."""
    reasons: tuple[Spoken, ...]
    obligations: tuple[str, ...]
    rules: tuple[RuleSeen, ...]
    notes: tuple[str, ...]
    """What has to be known about this explanation: what could not be shown, and why."""

    @property
    def fired(self) -> tuple[RuleSeen, ...]:
        """The rules that said something."""
        return tuple(rule for rule in self.rules if rule.spoke)

    @property
    def silent(self) -> tuple[RuleSeen, ...]:
        """The rules that did not."""
        return tuple(rule for rule in self.rules if not rule.spoke)


def short(value: Any, encoded: str) -> str:
    """A value in one line: long lists and objects by how many are in them, long texts cut."""
    if len(encoded) <= MOST_CHARACTERS:
        return encoded
    if isinstance(value, list | Mapping):
        return f"({len(value)} entries)"
    return f"{encoded[: MOST_CHARACTERS - 1]}…"

"""The narrowest role that would have allowed what a role really did: an edit of `roles.yaml`, proven to grant no more.

A role is services x actions x data, so what it can say is a product: words that were not used can remain, and are
named. Nothing is applied, and nothing is guessed from a log that shows nothing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from authoring.roles_loaded import with_roles
from authoring.roles_text import unified, with_limit, without_words
from authoring.suggest.use import Use, Used
from decision.config import ROLES_FILE, Configuration
from decision.roles import RoleEntry

MARGIN = 1.5
"""A limit is lowered to so many times the most that was seen, rounded up."""
DAYS = 7
"""A window that is shorter says little of what comes monthly."""
DECISIONS = 100
"""And fewer allowed decisions say little at all."""

_DAY_MS = 86_400_000
_PROPOSING = frozenset({"create-branch", "create-pr"})
"""The actions of which a role needs one to have changes checked (`data.lib.change.proposes`)."""
_SEEN_WHOLE = ("max_requests_per_min", "max_diff_lines", "max_files_changed", "max_body_bytes")


class CannotSuggest(Exception):
    """There is nothing that could be suggested of this role; the text says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A grant that stays: how often it was allowed, and how often the call was completed."""

    service: str
    word: str
    allowed: int
    completed: int


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One scope word on one service."""

    service: str
    word: str


@dataclass(frozen=True, slots=True)
class Lowered:
    """A limit of the role: what it is, what it would be, and the most that was seen."""

    name: str
    old: int
    new: int
    seen: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A narrower role, or the same one where nothing can be taken away."""

    role: str
    new_text: str
    """The whole of `roles.yaml`; the same text where nothing is suggested."""
    diff: str
    """Unified; empty where nothing is suggested."""
    kept: tuple[Kept, ...]
    removed: tuple[Grant, ...]
    unused: tuple[Grant, ...]
    """Granted still, though never used: the form of roles cannot take them away alone."""
    lowered: tuple[Lowered, ...]
    decisions: int
    """All decisions of the role that were looked at."""
    first_ms: int
    last_ms: int
    warnings: tuple[str, ...]

    @property
    def narrower(self) -> bool:
        """Whether a grant is taken away; lower limits alone are none."""
        return bool(self.removed)


def suggest(configuration: Configuration, used: Used) -> Suggestion:
    """The suggestion for the role of `used`, under a configuration that `load_policies` read.

    Raises `CannotSuggest`, and `CannotEdit` where the text of the file is laid out too oddly.
    """
    role = configuration.roles.get(used.role)
    if role is None:
        raise CannotSuggest(f"there is no role {used.role} in {ROLES_FILE}")
    if not role.agent:
        raise CannotSuggest(f"{used.role} is no agent's role and reaches no service")
    text = configuration.sources[ROLES_FILE].decode()
    before = _words(configuration, used.role)
    needed = {use for use in used.allowed if Grant(use.service, use.word) in before}
    lowered = tuple(_lowered(role, used)) if needed else ()
    new = _narrowed(text, used, role, _asked(before, used), needed) if needed else text
    for limit in lowered:
        new = with_limit(new, used.role, limit.name, limit.new)
    after = _words(with_roles(configuration, new), used.role)
    if not after <= before:
        raise CannotSuggest(f"no edit was found that only takes away from {used.role}")
    seen = {Grant(use.service, use.word) for use in needed}
    return Suggestion(
        role=used.role,
        new_text=new,
        diff=unified(text, new, f"policies/{ROLES_FILE}"),
        kept=tuple(
            Kept(use.service, use.word, used.allowed[use], used.completed[use]) for use in sorted(needed)
        ),
        removed=tuple(sorted(before - after)),
        unused=tuple(sorted(after - seen)),
        lowered=lowered,
        decisions=used.decisions,
        first_ms=used.first_ms,
        last_ms=used.last_ms,
        warnings=tuple(_warnings(used, needed)),
    )


def _narrowed(text: str, used: Used, role: RoleEntry, asked: set[Use], needed: set[Use]) -> str:
    """The text with the role reduced to the product of what is needed."""
    keep = needed | asked
    checking = _PROPOSING if used.checks else frozenset[str]()
    wanted: dict[str, set[str]] = {
        "services": {use.service for use in keep},
        "actions": {use.action for use in keep} | checking,
        "data": {use.data for use in keep},
    }
    new = text
    for key, words in wanted.items():
        gone = [word for word in getattr(role, key) if word not in words]
        if gone:
            new = without_words(new, used.role, key, gone)
    return new


def _asked(before: set[Grant], used: Used) -> set[Use]:
    """What workflows were started with by name: without it they would not start any more."""
    return {Use(grant.service, *_parts(grant.word)) for grant in before if used.asked[grant.word]}


def _parts(word: str) -> tuple[str, str]:
    action, _, data = word.partition(":")
    return action, data


def _lowered(role: RoleEntry, used: Used) -> Iterable[Lowered]:
    for name in _SEEN_WHOLE:
        old = getattr(role.limits, name)
        seen = used.largest.get(name)
        if old is None or seen is None or (name == "max_body_bytes" and used.unsized):
            continue
        new = max(1, math.ceil(seen * MARGIN))
        if new < old:
            yield Lowered(name, old, new, seen)


def _words(configuration: Configuration, role: str) -> set[Grant]:
    grants: dict[str, dict[str, Any]] = configuration.compiled["grants"].get(role, {})
    return {Grant(service, word) for service, words in grants.items() for word in words}


def _warnings(used: Used, needed: set[Use]) -> Iterable[str]:
    days = (used.last_ms - used.first_ms) / _DAY_MS
    if not needed:
        yield "Nothing that the role grants was used, so nothing is suggested: look whether it is needed at all."
    if days < DAYS:
        yield f"The log shows {days:.1f} days of this role: what it needs seldom may be missing."
    if sum(used.allowed.values()) < DECISIONS:
        yield f"Only {sum(used.allowed.values())} allowed calls were seen."
    if used.unread:
        yield f"{used.unread} decisions could not be read again (forgotten or lost): what they were is not counted."
    if used.unsized:
        yield f"{used.unsized} calls did not announce their size, so max_body_bytes stays."
    for use in sorted(needed):
        if not used.completed[use] and used.allowed[use]:
            yield f"{use.word} on {use.service} was allowed {used.allowed[use]} times and never completed; it is kept."
    elsewhere = sorted(set(used.allowed) - needed)
    if elsewhere:
        yield f"Allowed then and not granted any more: {', '.join(f'{use.word} on {use.service}' for use in elsewhere)}."

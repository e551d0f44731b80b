"""One made-up bug: a stack trace with blanks, and how often, where and when it strikes.

Data only. Blanks of a template, filled for each report by `generate.py`: {ENTRY} the frames below the application,
{P} where the code is installed, {L83} a line number near 83 (moves with the version), {C17} a column, {A} an
address, {I} an id of digits, {U} a UUID, {H} a build hash of the version, {N} a small number.
"""

from dataclasses import dataclass
from typing import Literal

from tenants.services.crash_reporting.model import Language

Trend = Literal["steady", "rising", "falling", "burst", "fresh"]


@dataclass(frozen=True, slots=True)
class App:
    """An application: its versions from old to new, and what it runs on."""

    name: str
    language: Language
    versions: tuple[str, ...]
    systems: tuple[str, ...]
    prefixes: tuple[str, ...]
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bug:
    """One underlying bug.

    `since` is the index of the first version that has it; `weight` its share of the reports, `users` the most
    users that one report of it folds together.
    """

    key: str
    trace: str
    weight: int
    users: int
    trend: Trend = "steady"
    since: int = 0

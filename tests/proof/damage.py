"""What a damage is: a wall taken down in a copy of the product, and the probes that must then cry; values.

A damage is text exchanged for other text, and weak modules planted beside it. Where the product has changed so that
it no longer fits, the suite says so.
"""

from dataclasses import dataclass
from typing import Final

ONE_AT_A_TIME: Final = ("proof/frame.py", "AT_ONCE = 4", "AT_ONCE = 1")
Exchange = tuple[str, str, str]


@dataclass(frozen=True)
class Damage:
    """What is exchanged, which groups are tried then, and which probes must leak.

    `planted`: modules of tests/proof/weak that the exchanged text imports from the package `gateway`.
    """

    name: str
    exchanges: tuple[Exchange, ...]
    groups: tuple[str, ...]
    leaks: frozenset[str]
    planted: tuple[str, ...] = ()


def damaged(name: str, groups: str, leaks: str, *exchanges: Exchange, planted: str = "") -> Damage:
    """A damage; groups, probes and modules as words."""
    return Damage(name, exchanges, tuple(groups.split()), frozenset(leaks.split()), tuple(planted.split()))

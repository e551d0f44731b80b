"""What can be done about a finding: a change with its tests, or words for a person; pure data.

Nothing here loosens: what would is only ever words.
"""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["rules", "limit", "role", "veto"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change to propose. `files` are paths in the repository and their whole new content."""

    kind: Kind
    title: str
    files: dict[str, str]
    fix: tuple[str, ...]
    """What is changed, a line each."""
    results: tuple[str, ...]
    """What was tried and came of it, a line each; what was not tried says so."""
    appendix: str = ""
    """Markdown that policy tools made: the replay."""


@dataclass(frozen=True, slots=True)
class Report:
    """For a person: nothing that may be proposed would mend it."""

    title: str
    lines: tuple[str, ...] = field(default_factory=tuple)

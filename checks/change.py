"""What is asked about, and what is found on the way to facts: values, and nothing that reads.

An id is hexadecimal text; a path is bytes until it is shown. The finished facts are in `decision.change`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.git import Git
from decision.change import SecretFact


@dataclass(frozen=True, slots=True)
class Update:
    """One ref that would change: its full name, its commit before and after; all zeros for none."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it is named.

    objects: a folder of objects beside the repository's own, where a push waits; None where there is none.
    base: the commit of the branch `base_ref`, which the change is measured against.
    """

    repository: Path
    objects: Path | None
    base_ref: str
    base: str
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class NewBlob:
    """Content that the change brings: the first path and commit that hold it, as shown, and its size in bytes."""

    id: str
    path: str
    commit: str
    size: int


ScanSecrets = Callable[[Git, Sequence[NewBlob]], Sequence[SecretFact]]
"""Reads new blobs (`checks.objects.contents`) and says what in them looks like a secret."""


def is_none(commit: str) -> bool:
    """Whether an id stands for no object (githooks(5): all zeros)."""
    return not commit.strip("0")

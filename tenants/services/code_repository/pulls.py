"""Pull requests and statuses of one repository: a JSON file each beside its refs, replaced whole at every change.

What a pull request proposes is never stored: it is what its branches are when somebody looks, until it is merged.
"""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import TypeVar

import msgspec

from tenants.services.code_repository.repository import Repository

_Kept = TypeVar("_Kept")


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """One pull request; times in RFC 3339."""

    number: int
    title: str
    body: str
    base: str
    """The short name of the branch that it aims at."""
    head: str
    author: str
    created_at: str
    draft: bool = False
    state: str = "open"
    merged_at: str = ""
    merged_by: str = ""
    merge_commit: str = ""
    head_sha: str = ""
    """Set when it is merged: the commit that was."""
    base_sha: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of a commit."""

    sha: str
    state: str
    context: str = "default"
    description: str = ""
    target_url: str = ""
    created_at: str = ""


class Kept:
    """The files of all repositories. One change of a repository at a time: hold `changing` around look and write."""

    def __init__(self) -> None:
        self._locks: dict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)

    def changing(self, repository: Repository) -> asyncio.Lock:
        """To be held while something about a repository is looked at and changed."""
        return self._locks[repository.bare]

    def pulls(self, repository: Repository) -> list[Pull]:
        """All pull requests, oldest first."""
        return _read(repository.bare / "pulls.json", list[Pull])

    def write_pull(self, repository: Repository, pull: Pull) -> None:
        """Add a pull request, or put it in the place of the one with its number."""
        others = [other for other in self.pulls(repository) if other.number != pull.number]
        _write(repository.bare / "pulls.json", sorted([*others, pull], key=lambda one: one.number))

    def statuses(self, repository: Repository, sha: str) -> list[Status]:
        """What was said of a commit, newest first."""
        every = _read(repository.bare / "statuses.json", list[Status])
        return [status for status in reversed(every) if status.sha == sha]

    def write_status(self, repository: Repository, status: Status) -> None:
        """Add a status."""
        path = repository.bare / "statuses.json"
        _write(path, [*_read(path, list[Status]), status])


def _read(path: Path, of: type[list[_Kept]]) -> list[_Kept]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=of)
    except FileNotFoundError:
        return []


def _write(path: Path, kept: object) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(kept))
    new.replace(path)

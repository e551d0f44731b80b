"""One bare repository, read and changed with git's own commands; the names of it that a caller may choose are checked.

Knows nothing of HTTP. Promise: no text of a caller's ever stands where git would take it for an option.
"""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenants.services.code_repository.github_problem import GitHubProblem

_NAME = re.compile(r"(?![-.])[A-Za-z0-9._-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_IDENTITY = {
    "GIT_AUTHOR_NAME": "code-repository",
    "GIT_AUTHOR_EMAIL": "code-repository@example.com",
    "GIT_COMMITTER_NAME": "code-repository",
    "GIT_COMMITTER_EMAIL": "code-repository@example.com",
}


class GitFailed(Exception):
    """A git ended with an error; the text is what it said."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree."""

    mode: str
    kind: str
    sha: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository of the service."""

    owner: str
    name: str
    bare: Path

    @property
    def full_name(self) -> str:
        """As people write it."""
        return f"{self.owner}/{self.name}"

    async def git(self, *words: str, given: bytes = b"", more: Mapping[str, str] | None = None) -> bytes:
        """What a git command prints. Raises `GitFailed`."""
        process = await asyncio.create_subprocess_exec(
            *("git", "--git-dir", str(self.bare), *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**_environment(), **(more or {})},
        )
        out, said = await process.communicate(given)
        if process.returncode:
            raise GitFailed(process.returncode, said.decode("utf-8", "replace"))
        return out

    async def text(self, *words: str) -> str:
        """What a git command prints, as text without the last line end."""
        return (await self.git(*words)).decode("utf-8", "replace").rstrip("\n")

    async def refs(self, below: str) -> list[tuple[str, str]]:
        """Names and objects of the refs that are `below`, or begin with it as a folder."""
        listed = await self.text("for-each-ref", "--format=%(refname) %(objectname)", below)
        return [(name, sha) for name, _, sha in (line.partition(" ") for line in listed.splitlines())]

    async def default_branch(self) -> str:
        """The short name of the branch that HEAD names."""
        return await self.text("symbolic-ref", "--short", "HEAD")

    async def resolved(self, name: str) -> str:
        """The commit of a branch, a full ref or a commit id; empty for the default branch. Raises 404."""
        for tried in (f"refs/heads/{name}" if name else "HEAD", name):
            if _COMMIT.fullmatch(tried) or tried == "HEAD" or tried.startswith("refs/"):
                try:
                    return await self.text("rev-parse", "--verify", "--quiet", f"{tried}^{{commit}}")
                except GitFailed:
                    continue
        raise GitHubProblem(404, "Not Found")

    async def entries(self, commit: str, path: str = "", *, deep: bool = False) -> list[Entry]:
        """What a path is in a commit: itself, or with a slash at its end, what it holds; `deep`: all below too."""
        wanted = ("--", path) if path else ()
        listed = await self.git("ls-tree", "-z", "--long", *(("-r", "-t") if deep else ()), commit, *wanted)
        return [_entry(line) for line in listed.decode("utf-8", "surrogateescape").split("\0") if line]


def find(repositories: Path, owner: str, name: str) -> Repository:
    """The repository of these names. Raises `GitHubProblem` 404."""
    bare = repositories / owner / f"{name}.git"
    if not (_NAME.fullmatch(owner) and _NAME.fullmatch(name) and bare.is_dir()):
        raise GitHubProblem(404, "Not Found")
    return Repository(owner, name, bare)


def _entry(line: str) -> Entry:
    about, _, path = line.partition("\t")
    mode, kind, sha, size = about.split()
    return Entry(mode, kind, sha, path, int(size) if size.isdigit() else 0)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_LITERAL_PATHSPECS": "1",
        **_IDENTITY,
    }

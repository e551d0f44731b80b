"""Mirrors of upstream repositories: what quarantines borrow objects from, brought up to date before refs are shown.

A mirror holds branches and nothing else, and only grows in objects. Nothing that an agent sent ever gets into one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.git.process import GIT, Ended, run
from gateway.git.remote import Remote
from gateway.git.repository import Repository
from sandbox.git_environment import git_environment

FETCH_WITHIN_S = 900.0
LOCAL_WITHIN_S = 60.0
FRESH_S = 60.0
"""How long a mirror that was shown to a client is good enough for the push that follows."""
MOST_PACKS = 50
"""More packs make every look-up slow: they are put together."""

BRANCHES = "refs/heads/"


class MirrorFailed(Exception):
    """The upstream could not be copied: the agent's code for it, and a text for the operator."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.said)
        self.code = _code(ended.err)


def _code(said: bytes) -> str:
    if disk_is_full(said):
        return "push.disk_full"
    # What the forge says of a repository that is not there, or that our credential cannot see.
    if b"not found" in said or b"Authentication failed" in said or b"could not read Username" in said:
        return "push.repository_unknown"
    return "upstream.unreachable"


@dataclass(frozen=True, slots=True)
class Mirror:
    """One upstream repository as it was a moment ago."""

    folder: Path
    refs: tuple[tuple[str, str], ...]
    """Full names of its branches, each with its commit, sorted by name."""

    def commit(self, ref: str) -> str:
        """The commit of a branch, or "" where there is none of this name."""
        return next((commit for name, commit in self.refs if name == ref), "")


class Mirrors:
    """All mirrors below one folder. `clock` gives monotonic seconds."""

    def __init__(self, folder: Path, home: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._home = str(home)
        self._clock = clock
        self._locks: dict[Repository, asyncio.Lock] = {}
        self._known: dict[Repository, tuple[float, Mirror]] = {}

    async def refreshed(self, repository: Repository, remote: Remote, *, fresh_s: float = 0.0) -> Mirror:
        """The mirror, not older than `fresh_s` seconds. Raises `MirrorFailed`."""
        async with self._locks.setdefault(repository, asyncio.Lock()):
            known = self._known.get(repository)
            if known is not None and self._clock() - known[0] < fresh_s:
                return known[1]
            began = self._clock()
            # Shielded: a git that is killed in the middle leaves locks, and the next push would find them.
            mirror = await asyncio.shield(asyncio.ensure_future(self._refresh(repository, remote)))
            self._known[repository] = (began, mirror)
            return mirror

    async def _refresh(self, repository: Repository, remote: Remote) -> Mirror:
        folder = self._folder / repository.service / repository.owner / f"{repository.name}.git"
        if not (folder / "HEAD").is_file():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            await self._local(folder, "init", "--quiet", "--bare", "--template=", str(folder))
        if repository not in self._known:
            for left_behind in folder.rglob("*.lock"):  # by a gateway that was killed: we alone write here
                left_behind.unlink(missing_ok=True)
        await self._fetch(folder, remote)
        if len(list((folder / "objects" / "pack").glob("*.pack"))) > MOST_PACKS:
            # What is unreachable is kept: a quarantine may borrow it just now.
            await self._local(folder, "repack", "-a", "-d", "-k", "-q")
        listed = await self._local(folder, "for-each-ref", "--format=%(refname) %(objectname)", BRANCHES)
        refs = (line.rpartition(" ") for line in listed.out.decode("utf-8", "surrogateescape").splitlines())
        return Mirror(folder, tuple(sorted((name, commit) for name, _, commit in refs)))

    async def _fetch(self, folder: Path, remote: Remote) -> None:
        argv = (
            *(GIT, f"--git-dir={folder}", "fetch", "--quiet", "--prune", "--no-tags"),
            *("--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules"),
            *(remote.url, f"+{BRANCHES}*:{BRANCHES}*"),
        )
        settings = (*remote.settings, ("fetch.unpackLimit", "1"))
        ended = await run(argv, git_environment(self._home, settings), within_s=FETCH_WITHIN_S)
        if ended.code:
            for left_over in (folder / "objects" / "pack").glob("tmp_*"):
                left_over.unlink(missing_ok=True)
            raise MirrorFailed(ended)

    async def _local(self, folder: Path, *words: str) -> Ended:
        argv: Sequence[str] = (GIT, f"--git-dir={folder}", *words)
        ended = await run(argv, git_environment(self._home), within_s=LOCAL_WITHIN_S)
        if ended.code:
            raise MirrorFailed(ended)
        return ended


def disk_is_full(said: bytes) -> bool:
    """Whether a git complains that it cannot write (ENOSPC and EDQUOT by their names in libc)."""
    return b"No space left on device" in said or b"Disk quota exceeded" in said

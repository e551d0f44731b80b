"""The repository behind the gateway: the reference service as a process, with what it received laid open.

Started when the first probe needs it, for it takes a second; ends with the world.
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Final

from proof.catalogue import FORGE_PORT

REPOSITORY: Final = "acme/shop"
_SEED: Final = b"""\
commit refs/heads/main
committer ann <ann@example.com> 1700000000 +0000
data 5
first
M 100644 inline README.md
data 5
shop

reset refs/heads/proposed-title
from refs/heads/main

reset refs/heads/proposed-body
from refs/heads/main

"""
PROPOSED: Final = "proposed"
"""How the branches are called that may be proposed, behind it the member that is tried."""
_ROOT: Final = Path(__file__).resolve().parents[1]
_ENDS_WITHIN_S: Final = 5.0


class GitForge:
    """One bare repository behind real smart HTTP, and the token that its callers must bring."""

    def __init__(self, place: Path, token_file: Path) -> None:
        self._folder = place / "forge"
        self._token_file = token_file
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def token(self) -> str:
        """What only the gateway brings, and a control."""
        return self._token_file.read_text(encoding="ascii").strip()

    async def ready(self) -> None:
        """Serve, if that has not begun. Raises `OSError` where it cannot."""
        async with self._starting:
            if self._process is None:
                await self._found()
                self._process = await self._serve()

    async def holds(self, canary: str) -> bool:
        """Whether a canary is anywhere: in a ref's name, in any object's bytes, or in a pull request."""
        names = await git(self._bare, "for-each-ref", "--format=%(refname)")
        objects = await git(self._bare, "cat-file", "--batch", "--batch-all-objects")
        pulls = self._bare / "pulls.json"
        proposed = pulls.read_bytes() if pulls.exists() else b""
        return canary.encode() in names + objects + proposed

    async def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _ENDS_WITHIN_S)

    @property
    def _bare(self) -> Path:
        return self._folder / f"{REPOSITORY}.git"

    async def _found(self) -> None:
        self._bare.mkdir(parents=True)
        await git(self._bare, "init", "--quiet", "--bare", "--initial-branch=main")
        await git(self._bare, "fast-import", "--quiet", given=_SEED)

    async def _serve(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tenants.services.code_repository"),
            *("--listen", f"127.0.0.1:{FORGE_PORT}", "--repositories", str(self._folder)),
            *("--token-file", str(self._token_file)),
            cwd=_ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        if b"ready" not in await process.stdout.readline():
            raise OSError("the forge did not start")
        return process


async def git(folder: Path, *words: str, given: bytes = b"", settings: dict[str, str] | None = None) -> bytes:
    """What git says. Raises `OSError` with its complaint where it fails."""
    code, said = await try_git(folder, *words, given=given, settings=settings)
    if code:
        raise OSError(f"git {words[0]}: {said.decode('utf-8', 'replace')[-500:]}")
    return said


async def try_git(
    folder: Path, *words: str, given: bytes = b"", settings: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Git's exit code and all that it says."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        "git",
        *words,
        cwd=folder,
        env=environment | (settings or {}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(given)
    return process.returncode or 0, said

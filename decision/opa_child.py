"""One OPA server process: started from one bundle on a socket of its own, never changed, stopped or killed.

Whoever starts a child owns it; it dies with the thread that started it. What it may be asked is
`system.authz` of the bundle, against a token that only its owner and the token file know.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

from decision.bundle import RUNTIME_ROOT
from decision.unix_opa_client import UnixOpaClient

MAX_SOCKET_PATH_BYTES = 107
"""Of `sun_path`, which has 108 with its closing zero (unix(7))."""

SOCKET_NAME = "opa.sock"

_READY_WITHIN_S = 10.0
_HEALTHY_WITHIN_S = 1.0
_STOP_WITHIN_S = 2.0
_LOG_TAIL_BYTES = 2000


class ChildError(Exception):
    """OPA did not start, or did not become ready; the text holds the end of its own log."""


def arguments(opa: Path, bundle: Path, folder: Path, setpriv: str) -> list[str]:
    """The command line of a child that keeps its files in `folder`.

    `opa run` takes no capabilities: what a rule may call was settled when the bundle was built.
    """
    return [
        *(setpriv, "--pdeathsig", "KILL"),
        *(str(opa), "run", "--server"),
        *("--addr", f"unix://{folder / SOCKET_NAME}", "--unix-socket-perm", "600"),
        *("--authentication", "token", "--authorization", "basic"),
        # 1.22.2 calls the older name, --disable-telemetry, deprecated.
        "--skip-version-check",
        *("--log-level", "error", "--log-level-request", "error", "--log-format", "text"),
        *("--shutdown-grace-period", "2", "--shutdown-wait-period", "0"),
        *("--bundle", str(bundle), "--bundle", str(folder / "runtime")),
    ]


def environment() -> dict[str, str]:
    """The child's whole environment: nothing of ours is handed on.

    One processor, because we ask for one evaluation at a time: measured, a lone question costs OPA 500 to 555 us
    of CPU with one and 665 to 800 with two. Collecting a small heap often is dear: with 32 askers 190 us a
    question against 290 with Go's default of 100, for 15 MB more memory.
    """
    return {"GOMAXPROCS": "1", "GOGC": "400", "GOMEMLIMIT": "256MiB", "PATH": os.defpath}


class OpaChild:
    """A running, ready OPA. Made by `start_child`."""

    def __init__(self, process: Process, folder: Path, token: str) -> None:
        self._process = process
        self._folder = folder
        self._token = token

    @property
    def socket_path(self) -> Path:
        """Where it listens."""
        return self._folder / SOCKET_NAME

    @property
    def pid(self) -> int:
        """Its process id; `setpriv` has become OPA by `exec`."""
        return self._process.pid

    async def healthy(self) -> bool:
        """Whether it answers a health question within a second."""
        async with UnixOpaClient(self.socket_path, self._token, _HEALTHY_WITHIN_S) as client:
            return bool(await client.check_health())

    async def exited(self) -> int:
        """Its exit code (minus the signal that ended it), once it has ended."""
        return await self._process.wait()

    def kill(self) -> None:
        """End it at once; a stopped process dies of it too."""
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """End it: answers under way are finished first, for at most two seconds. Removes its files."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_WITHIN_S)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                self._process.send_signal(number)


def check_socket_path(folder: Path) -> None:
    """Raise `ChildError` if a socket in `folder` would have a path that the system cannot bind."""
    length = len(os.fsencode(folder / SOCKET_NAME))
    if length > MAX_SOCKET_PATH_BYTES:
        raise ChildError(
            f"the socket path {folder / SOCKET_NAME} has {length} bytes, the system allows "
            f"{MAX_SOCKET_PATH_BYTES}: use a home with a shorter path"
        )


async def start_child(opa: Path, bundle: Path, folder: Path, token: str) -> OpaChild:
    """Start OPA on `bundle` and wait until it is ready. `folder` is made for it and is its own.

    Must be called on the thread that lives as long as the process: the kernel kills the child with it.
    Raises `ChildError`; nothing is left running or lying then.
    """
    check_socket_path(folder)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ChildError("setpriv is needed so that OPA ends with its parent: install the package util-linux")
    log = folder / "opa.log"
    try:
        _prepare(folder, token)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *arguments(opa, bundle, folder, setpriv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
                cwd=folder,
                # Control-C in a terminal reaches the parent only, which stops the child in its own order.
                start_new_session=True,
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ChildError(f"OPA cannot be started: {error}") from error
    child = OpaChild(process, folder, token)
    try:
        ready = await _ready(child, token)
    except BaseException:
        child.kill()
        await child.stop()
        raise
    if not ready:
        said = _tail(log)
        child.kill()
        await child.stop()
        raise ChildError(f"OPA did not become ready: {said}")
    return child


async def _ready(child: OpaChild, token: str) -> bool:
    """Ready, or ended before it was."""
    async with UnixOpaClient(child.socket_path, token, _HEALTHY_WITHIN_S) as client:
        ready = asyncio.ensure_future(client.ready_within(_READY_WITHIN_S))
        ended = asyncio.ensure_future(child.exited())
        waiting: Sequence[asyncio.Future[bool] | asyncio.Future[int]] = (ready, ended)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return not ended.done() and ready.result()
        finally:
            for future in waiting:
                future.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


def _prepare(folder: Path, token: str) -> None:
    """A second bundle beside the policy's holds the token's digest: bundle mode loads no loose data file."""
    shutil.rmtree(folder, ignore_errors=True)
    runtime = folder / "runtime" / RUNTIME_ROOT
    folder.mkdir(parents=True, mode=0o700)
    runtime.mkdir(parents=True, mode=0o700)
    manifest = {"revision": "runtime", "roots": [RUNTIME_ROOT]}
    data = {"token_sha256": hashlib.sha256(token.encode()).hexdigest()}
    for path, content in ((runtime.parent / ".manifest", manifest), (runtime / "data.json", data)):
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))


def _tail(log: Path) -> str:
    return log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip() or "it said nothing"

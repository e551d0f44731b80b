"""The one runner of git in `checks`: argv lists, a fixed environment, one deadline, a limit on what is read.

Promises that a git that is too slow or says too much is killed with everything that it started.
"""

import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from checks.faults import CannotDescribe, Code, GitFailed
from sandbox.git_environment import git_environment

TIME_LIMIT_S = 30.0
MOST_BYTES = 1 << 28
MOST_MEMORY = 1 << 29
"""Of one git, in bytes of its own (RLIMIT_DATA): trees within trees can name more paths than there are atoms."""

_OUT_OF_MEMORY = re.compile(r"out of memory|cannot allocate memory", re.IGNORECASE)
_CHUNK = 1 << 16
_SAID_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Git:
    """Git on one git folder, until one deadline.

    folder: the git folder (`GIT_DIR`). home: an empty folder. deadline: of the monotonic clock, for all runs together.
    most_bytes: what one run may say.
    """

    folder: Path
    home: Path
    deadline: float
    most_bytes: int = MOST_BYTES

    def renewed(self, seconds: float) -> "Git":
        """The same with so much time from now on."""
        return replace(self, deadline=time.monotonic() + seconds)

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Everything that the command says, `given` on its standard input. Raises as `stream`."""
        return b"".join(self.stream(*arguments, given=given))

    def stream(self, *arguments: str, given: bytes = b"") -> Generator[bytes, None, None]:
        """What the command says, in chunks.

        Raises `GitFailed` where git does not end with 0, `CannotDescribe` at the deadline, over `most_bytes`
        and without a git. Close it, and its git ends with it, however far it was read.
        """
        total = 0
        with self._started(arguments, given) as running:
            while chunk := running.read():
                total += len(chunk)
                if total > self.most_bytes:
                    message = f"git {arguments[0]} says more than {self.most_bytes} bytes."
                    raise CannotDescribe(Code.TOO_LARGE, message)
                yield chunk
            running.finish(arguments[0])

    @contextmanager
    def _started(self, arguments: tuple[str, ...], given: bytes) -> Iterator["_Running"]:
        # Files on both sides of the pipe that we read: nothing can block but git itself, and that has a deadline.
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
            stdin.write(given)
            stdin.seek(0)
            try:
                process = subprocess.Popen(
                    ["git", *arguments],
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env={**git_environment(str(self.home)), "GIT_DIR": str(self.folder)},
                    cwd=self.home,
                    start_new_session=True,
                )
            except OSError as error:
                raise CannotDescribe(Code.GIT_MISSING, f"git cannot be started: {error.strerror}.") from None
            with process:
                # Set from outside and a moment late: what runs in a forked child of a threaded program is not safe.
                with suppress(ProcessLookupError):
                    resource.prlimit(process.pid, resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
                running = _Running(process, stderr, self.deadline)
                try:
                    yield running
                finally:
                    running.end()


class _Running:
    """One git, and the clock that kills it."""

    def __init__(self, process: "subprocess.Popen[bytes]", stderr: IO[bytes], deadline: float) -> None:
        self._process = process
        self._stderr = stderr
        self._late = threading.Event()
        self._clock = threading.Timer(max(0.0, deadline - time.monotonic()), self._too_late)
        self._clock.daemon = True
        self._clock.start()

    def read(self) -> bytes:
        """The next chunk; empty at the end."""
        assert self._process.stdout is not None
        return os.read(self._process.stdout.fileno(), _CHUNK)

    def finish(self, command: str) -> None:
        """Raise what its end means, if it means anything."""
        status = self._process.wait()
        if self._late.is_set():
            raise CannotDescribe(Code.TOO_SLOW, f"git {command} was not done within the time for one change.")
        if status:
            said = self._said()
            if _OUT_OF_MEMORY.search(said):
                raise CannotDescribe(
                    Code.TOO_LARGE, f"git {command} needs more than {MOST_MEMORY} bytes of memory."
                )
            raise GitFailed(command, status, said)

    def end(self) -> None:
        """Kill what still runs."""
        self._clock.cancel()
        if self._process.poll() is None:
            self._kill()

    def _said(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read(_SAID_BYTES).decode("utf-8", "backslashreplace").strip()

    def _too_late(self) -> None:
        self._late.set()
        self._kill()

    def _kill(self) -> None:
        # It leads its group, and is not reaped before `wait`: the number is still its own.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

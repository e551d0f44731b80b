"""Every new blob of a change, looked through for secrets by Kingfisher's rules; a finding never holds the secret.

The looking is done by a process of its own with limits (`secret_worker`), which lives as long as its scanner. Promises
that each blob was looked at, whatever its name, size, type or comments, or that `CannotDescribe` is raised.
"""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

import msgspec

from checks.change import NewBlob
from checks.faults import CannotDescribe, Code
from checks.git import Git
from checks.objects import contents
from checks.scanners import KINGFISHER_VERSION, Scanners, ScannersNotFound, find_scanners
from decision.change import SecretFact

MOST_SECRETS = 500
"""More are not listed: one is enough to refuse the change."""
_MEMORY_BYTES = 3 * 2**30
_ANSWER_S = 60.0
_WORKER = Path(__file__).resolve().with_name("secret_worker.py")


class _Hello(msgspec.Struct, frozen=True):
    version: str
    rules: int


class _Answer(msgspec.Struct, frozen=True):
    found: tuple[tuple[str, int], ...]


class SecretScanner:
    """A `ScanSecrets`. Used from any thread, one change at a time. The worker is started by the first change."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._alone = threading.Lock()
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        """Return this scanner."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker."""
        self.close()

    def __call__(self, git: Git, blobs: Sequence[NewBlob]) -> Sequence[SecretFact]:
        """What looks like a secret, by blob and line. Raises `CannotDescribe`."""
        with self._alone:
            try:
                return tuple(self._scan(git, blobs)) if blobs else ()
            except BaseException:
                self._end()  # what it would answer next is unknown
                raise

    def warm(self) -> None:
        """Start the worker before there is anything to look at: it takes some tenths of a second to be ready."""
        with self._alone:
            self._started()

    def close(self) -> None:
        """End the worker."""
        with self._alone:
            self._end()

    def _scan(self, git: Git, blobs: Sequence[NewBlob]) -> Iterator[SecretFact]:
        worker = self._started()
        by_id = {blob.id: blob for blob in blobs}
        seen, count = 0, 0
        with closing(contents(git, by_id)) as objects:
            for each in objects:
                seen += 1
                blob = by_id[each.id]
                for rule, line in worker.ask(each.content):
                    count += 1
                    if count > MOST_SECRETS:
                        return
                    yield SecretFact(rule=rule, path=blob.path, commit=blob.commit, line=line)
        if seen != len(by_id):
            raise CannotDescribe(Code.CORRUPT, f"{len(by_id) - seen} new files cannot be read.")

    def _started(self) -> "_Worker":
        if self._worker is None:
            try:
                self._worker = _Worker(find_scanners(self._environment))
            except ScannersNotFound as error:
                raise CannotDescribe(
                    Code.SCANNER_MISSING, f"There is no scanner for secrets: {error}."
                ) from None
        return self._worker

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None


class _Worker:
    """The process. Each exchange has a deadline, at which it is killed."""

    def __init__(self, scanners: Scanners) -> None:
        argv = [str(scanners.python), "-I", str(_WORKER), str(_MEMORY_BYTES)]
        variables = {"PATH": os.defpath, "LANG": "C.UTF-8", "KF_RULE_CACHE_DIR": str(scanners.rule_cache)}
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=variables,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            message = f"The scanner for secrets cannot be started: {error.strerror}."
            raise CannotDescribe(Code.SCANNER_MISSING, message) from None
        self._greeted = False

    def ask(self, blob: bytes) -> Sequence[tuple[str, int]]:
        """Rule and line of each finding. Raises `CannotDescribe`."""
        clock = threading.Timer(_ANSWER_S, self._process.kill)
        clock.start()
        try:
            self._greet()
            assert self._process.stdin is not None
            self._process.stdin.write(len(blob).to_bytes(8, "big"))
            self._process.stdin.write(blob)
            self._process.stdin.flush()
            return msgspec.json.decode(self._line(), type=_Answer).found
        except (OSError, msgspec.DecodeError) as error:
            message = f"The scanner for secrets gave no answer about a file of {len(blob)} bytes ({error})."
            raise CannotDescribe(Code.SCANNER_FAILED, message) from None
        finally:
            clock.cancel()

    def kill(self) -> None:
        """End it, and wait until it is gone."""
        self._process.kill()
        self._process.communicate()

    def _greet(self) -> None:
        if self._greeted:
            return
        hello = msgspec.json.decode(self._line(), type=_Hello)
        if hello.version != KINGFISHER_VERSION or not hello.rules:
            message = f"The scanner for secrets is Kingfisher {hello.version}, not {KINGFISHER_VERSION}."
            raise CannotDescribe(Code.SCANNER_MISSING, message)
        self._greeted = True

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

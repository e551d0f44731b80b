"""What set-up shows: one line per step, a sign of life in long ones, and one clear page when a step fails.

Every program that set-up starts is started here, with its whole output kept in a log file.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

HEARTBEAT_S = 10.0
TAIL_LINES = 12


class SetupError(Exception):
    """A step that could not be done: what happened, why, and what the reader can do about it."""

    status = 1

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.why, self.remedy = what, why, remedy

    def page(self, step: str) -> str:
        """Return the text that the user sees."""
        why = self.why.strip().replace("\n", "\n    ")
        remedy = self.remedy.strip().replace("\n", "\n    ")
        return f"\nset-up stopped at: {step}\n  what: {self.what}\n  why:  {why}\n  do:   {remedy}"


class RootNeededError(SetupError):
    """Only root may do what is missing; the remedy holds the one command."""

    status = 3


def step(name: str, work: Callable[[], str]) -> None:
    """Run one step and print its line: the name, what was used, the seconds it took."""
    begun = time.monotonic()
    try:
        used = work()
    except SetupError as failed:
        print(failed.page(name), file=sys.stderr, flush=True)
        raise
    print(f"  {name:<12} {used}  [{time.monotonic() - begun:.1f} s]", flush=True)


def begin(text: str) -> None:
    """Say that long work begins, before its step's own line."""
    print(f"  … {text}", flush=True)


def run_logged(
    argv: list[str], log: Path, *, remedy: str, environment: Mapping[str, str], folder: Path | None = None
) -> None:
    """Run a program to its end with its output in `log`; print its last line every ten seconds.

    Raises SetupError with the end of the log when the program cannot be started or does not exit with 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environment),
                cwd=folder,
            )
        except OSError as error:
            raise SetupError(f"{argv[0]} could not be started", str(error), remedy) from error
        with process:
            while (status := _wait(process)) is None:
                print(f"    {time.monotonic() - begun:4.0f} s  {_tail(log, 1)[:90]}", flush=True)
    if status != 0:
        what = f"`{Path(argv[0]).name} {' '.join(argv[1:4])} …` ended with status {status} (all of it: {log})"
        raise SetupError(what, _tail(log, TAIL_LINES), remedy)


def answer(argv: list[str], environment: Mapping[str, str]) -> str:
    """Return what a short program prints, or "" where it cannot be run, fails, or takes longer than 20 s."""
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=HEARTBEAT_S)
    except subprocess.TimeoutExpired:
        return None


def _tail(log: Path, lines: int) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-lines:])

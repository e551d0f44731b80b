"""One semgrep run over both sides of a change: offline, nothing hidden from it, started once.

Nothing of the change steers it: comments, file sizes and ignore files count for nothing, rules come from us and from
base. Promises that a run which did not finish, or did not look at everything, never passes.
"""

import asyncio
import contextlib
import json
import os
import signal
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from checks.evidence import Evidence, could_not_run
from checks.fingerprint import new_findings
from checks.rule_files import Rules
from checks.scanners import REMEDY, SEMGREP_VERSION
from checks.semgrep_report import SemgrepReport, read_report
from checks.sides import SideFile, Stored, store

RULES_FILE = "rules.json"
_OUTPUT_BYTES = 64 * 2**20
_ARGUMENT_BYTES = 1_500_000
"""What Linux takes for one command line and its environment is a quarter of the stack: 2 MiB by default."""
_SAID_BYTES = 600


@dataclass(frozen=True, slots=True)
class SemgrepLimits:
    """Seconds for the whole run and for one rule on one file; megabytes for one process; processes at a time."""

    seconds: float = 120.0
    rule_seconds: int = 20
    memory_mb: int = 3000
    jobs: int = 2


class _Broken(Exception):
    """The run gave no answer: code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def arguments(program: Path, names: Iterable[str], limits: SemgrepLimits) -> list[str]:
    """The command line over files named relative to the working folder."""
    return [
        *(str(program), "scan", "--config", RULES_FILE, "--json", "--quiet"),
        *("--metrics", "off", "--disable-version-check"),
        *("--disable-nosem", "--max-target-bytes", "0", "--no-git-ignore"),
        *("--timeout", str(limits.rule_seconds), "--timeout-threshold", "0"),
        *("--max-memory", str(limits.memory_mb), "--jobs", str(limits.jobs)),
        "--",
        *names,
    ]


def environment(program: Path, home: Path) -> dict[str, str]:
    """The whole environment of a run: no settings, tokens or caches of a person."""
    return {
        "HOME": str(home),
        "PATH": f"{program.parent}:{os.defpath}",
        "LANG": "C.UTF-8",
        "SEMGREP_SEND_METRICS": "off",
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        "SEMGREP_SETTINGS_FILE": str(home / "settings.yml"),
        "SEMGREP_LOG_FILE": str(home / "semgrep.log"),
        "SEMGREP_VERSION_CACHE_PATH": str(home / "version"),
        "TMPDIR": str(home),
    }


async def run_semgrep(
    program: Path, rules: Rules, files: Sequence[SideFile], limits: SemgrepLimits | None = None
) -> Evidence:
    """Look at both sides and return what is new in the head. Never raises for what semgrep or a file did."""
    begun = time.monotonic()
    tool = f"semgrep {SEMGREP_VERSION}, {rules.count} rules"
    try:
        report = await _scan(program, rules, files, limits or SemgrepLimits())
    except _Broken as broken:
        return could_not_run("semgrep", broken.code, broken.message, REMEDY, tool=tool)
    except OSError as error:
        message = f"The files for semgrep could not be written: {error.strerror or error}."
        return could_not_run(
            "semgrep", "no_room", message, "See to room on the disk, then run it again.", tool=tool
        )
    found = new_findings(report.findings["base"], report.findings["head"])
    known = len(report.findings["head"]) - len(found)
    said = f"{_count(len(found), 'new finding')}, {known} known from base, {_count(len(files), 'file')} looked at"
    return Evidence(
        kind="semgrep",
        state="failed" if found else "passed",
        code="semgrep_findings" if found else "",
        message=said,
        remedy="Change the code so that the rules find nothing new." if found else "",
        findings=found,
        tool=tool,
        ms=round((time.monotonic() - begun) * 1000),
    )


async def _scan(
    program: Path, rules: Rules, files: Sequence[SideFile], limits: SemgrepLimits
) -> SemgrepReport:
    if not files:
        return SemgrepReport(SEMGREP_VERSION, {"base": (), "head": ()}, 0, ())
    with TemporaryDirectory(prefix="doorless-semgrep-") as name:
        place = Path(name)
        stored = await asyncio.to_thread(_lay_out, place, rules, files)
        argv = arguments(program, stored.files, limits)
        variables = environment(program, place / "home")
        printed = await _run(argv, place / "files", variables, limits.seconds)
        try:
            report = read_report(printed, stored.files)
        except ValueError as error:
            raise _Broken("semgrep_garbled", f"{error}.") from None
    return _whole(report)


def _lay_out(place: Path, rules: Rules, files: Sequence[SideFile]) -> Stored:
    (place / "home").mkdir()
    (place / "files").mkdir()
    (place / "files" / RULES_FILE).write_text(json.dumps(rules.document))
    stored = store(place / "files", files)
    if sum(len(each) + 1 for each in stored.files) > _ARGUMENT_BYTES:
        raise _Broken("too_many_files", "The change has more files than one semgrep run takes.")
    return stored


def _whole(report: SemgrepReport) -> SemgrepReport:
    if report.version != SEMGREP_VERSION:
        raise _Broken(
            "semgrep_other_version",
            f"semgrep is {report.version}; the rules were tested with {SEMGREP_VERSION}.",
        )
    if report.broken:
        first, *more = report.broken
        others = f" (and {len(more)} more)" if more else ""
        raise _Broken("semgrep_incomplete", f"semgrep did not look at everything: {first}{others}.")
    return report


async def _run(argv: list[str], folder: Path, variables: dict[str, str], seconds: float) -> bytes:
    """What semgrep prints. Through files: nothing of ours waits on a pipe that a stray process may hold."""
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        code = await _code(argv, folder, variables, (stdout, stderr, seconds))
        if code not in {0, 1}:
            stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _SAID_BYTES))
            said = stderr.read().decode(errors="replace").strip() or "it said nothing"
            raise _Broken("semgrep_crashed", f"semgrep ended with {code}: {said}")
        if stdout.seek(0, os.SEEK_END) > _OUTPUT_BYTES:
            raise _Broken("semgrep_too_much", f"semgrep printed more than {_OUTPUT_BYTES} bytes.")
        stdout.seek(0)
        return stdout.read()


async def _code(
    argv: list[str], folder: Path, variables: dict[str, str], given: tuple[IO[bytes], IO[bytes], float]
) -> int:
    stdout, stderr, seconds = given
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            env=variables,
            stdin=DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        raise _Broken("semgrep_missing", f"semgrep cannot be started: {error.strerror or error}.") from None
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        raise _Broken("semgrep_timed_out", f"semgrep did not end within {seconds:.0f} s.") from None
    finally:
        # Its workers are in its process group and must not outlive it, however it ended.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"

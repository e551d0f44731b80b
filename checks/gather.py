"""The evidence about one commit: which checks its base asks for, run side by side, each with its answer.

How a change is judged is read from base alone. Whatever cannot be found out is an answer too (`could_not_run`), never
an exception and never silence.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from checks.configuration import CONFIGURATION_PATH, ChecksFile, read_configuration
from checks.evidence import Evidence, Kind, could_not_run, not_configured
from checks.faults import CannotDescribe, GitFailed
from checks.regression import Suite, run_regression
from checks.rule_files import SUFFIXES, Rules, RulesInvalid, gather_rules
from checks.scanners import REMEDY, Scanners, ScannersNotFound, find_scanners
from checks.semgrep import run_semgrep
from checks.sides import SideFile
from checks.store import opened
from checks.tree_files import TreeFiles, TreeRefused
from decision.yaml_source import ConfigErrors

Progress = Callable[[str], None]

KINDS: tuple[Kind, ...] = ("semgrep", "tests")
"""What can be asked for, in the order in which answers come. Secrets are looked for with the facts."""

_READ_S = 60.0
_LAY_OUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where checks run: the environment's variables, libraries for tests, and a folder of ours that remembers."""

    environment: Mapping[str, str]
    virtual_environment: Path | None = None
    remembered: Path | None = None


@dataclass(frozen=True, slots=True)
class Commits:
    """A change by its objects: the repository, a folder of more objects or None, base's commit and the head."""

    repository: Path
    objects: Path | None
    base: str
    head: str


@dataclass(frozen=True, slots=True)
class _Read:
    """What base asks for, and what differs since the change departed from it."""

    asked: ChecksFile
    merge_base: str
    files: tuple[SideFile, ...]
    own_rules: Mapping[str, bytes]


class _Unreadable(Exception):
    """Nothing can be checked: code, message, remedy."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


async def gather(
    commits: Commits, kinds: Sequence[Kind], place: Place, progress: Progress
) -> tuple[Evidence, ...]:
    """One answer for each kind. Main thread only, because rooms are."""
    try:
        read = await asyncio.to_thread(_read, commits)
    except _Unreadable as error:
        return tuple(could_not_run(kind, error.code, error.message, error.remedy) for kind in kinds)
    return tuple(await asyncio.gather(*(_one(kind, commits, read, place, progress) for kind in kinds)))


async def _one(kind: Kind, commits: Commits, read: _Read, place: Place, progress: Progress) -> Evidence:
    match kind:
        case "semgrep":
            return await _semgrep(read, place, progress)
        case "tests":
            return await _tests(commits, read, place, progress)
        case "secrets":
            return not_configured("secrets", "Secrets are looked for with the facts.", "")
        case _ as never:
            assert_never(never)


async def _semgrep(read: _Read, place: Place, progress: Progress) -> Evidence:
    try:
        scanners: Scanners = find_scanners(place.environment)
        rules: Rules = gather_rules(read.own_rules)
    except ScannersNotFound as error:
        return could_not_run("semgrep", "semgrep_missing", f"There is no semgrep: {error}.", REMEDY)
    except RulesInvalid as error:
        message = f"The repository's own rules cannot be used: {error}."
        return could_not_run("semgrep", "rules_invalid", message, "Mend them on the base.")
    progress(f"semgrep: {rules.count} rules on {len(read.files)} files")
    return await run_semgrep(scanners.semgrep, rules, read.files)


async def _tests(commits: Commits, read: _Read, place: Place, progress: Progress) -> Evidence:
    entry = read.asked.tests
    if entry is None:
        remedy = "Name a test command in .doorless/checks.yaml on the base."
        return not_configured("tests", "The base names no test command.", remedy)
    if not read.merge_base:
        message = "The change has no common ancestor with its base."
        return could_not_run("tests", "no_common_base", message, "Start the change from the base.")
    suite = Suite(entry, place.virtual_environment, place.remembered)
    limit = 2 * entry.seconds + _LAY_OUT_S
    try:
        with opened(commits.repository, commits.objects, commits.base, time_limit_s=limit) as store:
            trees = TreeFiles(store.git)
            return await run_regression(trees, read.merge_base, commits.head, suite, progress)
    except CannotDescribe as error:
        return could_not_run("tests", error.code, error.message, error.remedy)


def _read(commits: Commits) -> _Read:
    try:
        with opened(commits.repository, commits.objects, commits.base, time_limit_s=_READ_S) as store:
            return _read_from(TreeFiles(store.git), commits)
    except CannotDescribe as error:
        raise _Unreadable(error.code, error.message, error.remedy) from None
    except (GitFailed, TreeRefused) as error:
        raise _Unreadable(
            "corrupt", f"The change cannot be read: {error}.", "Run `git fsck --full`."
        ) from None
    except OSError as error:
        message = f"The change cannot be read: {error.strerror or error}."
        raise _Unreadable("no_room", message, "See to room on the disk, then run it again.") from None
    except ConfigErrors as error:
        raise _Unreadable("configuration_invalid", f"{error}", "Mend it on the base.") from None


def _read_from(trees: TreeFiles, commits: Commits) -> _Read:
    asked = read_configuration(trees.read(commits.base, CONFIGURATION_PATH))
    merge_base = trees.merge_base(commits.base, commits.head)
    own: Mapping[str, bytes] = {}
    if asked.semgrep is not None:
        below = trees.below(commits.base, asked.semgrep.rules)
        own = {path: content for path, content in below.items() if path.endswith(SUFFIXES)}
        if not own:
            message = f"{asked.semgrep.rules} holds no rules on the base."
            raise _Unreadable("rules_invalid", message, "Mend .doorless/checks.yaml on the base.")
    return _Read(asked, merge_base, trees.changed(merge_base, commits.head), own)

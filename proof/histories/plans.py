"""How each shipped role works: when, in which order it calls, what it tries in vain, and what would be odd of it.

Holds no clock and no seed: chance comes in. A plan is what an agent's program does: orders repeat and vary as loops do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from proof.histories import steps
from proof.histories.steps import Step

Plan = Callable[[Random], list[Step]]


@dataclass(frozen=True, slots=True)
class Profile:
    """One role. `a_day` is workflows on a busy day; `night` and `weekend` are the shares of that that are left then."""

    scope: dict[str, tuple[str, ...]]
    """What the token of each service says, as the issuer writes it."""
    credential: str
    a_day: float
    night: float
    weekend: float
    plan: Plan
    ordinary: tuple[Step, ...]
    """What an odd workflow uses in an order of its own."""
    in_vain: Step
    """What it tries now and then, and is refused."""
    unknown: Step
    """What it never asks for, until something goes wrong."""
    bulky: Step
    """With which it can send much."""
    reports: bool = False
    """Whether it hands in a report at its end."""
    measured: bool = False
    """Whether its reports state an accuracy."""
    per_minute: int = 0


def _crash_tracker(chance: Random) -> list[Step]:
    found = [steps.LIST_REPORTS]
    for _ in range(chance.randint(2, 7)):
        found.append(steps.READ_REPORT)
        found += [steps.READ_TRACE] * chance.choice((0, 1, 1, 2))
    if chance.random() < 0.25:  # noqa: PLR2004 - a made-up share
        found.insert(1, steps.LIST_TRACES)
    return found


def _telemetry_analyzer(chance: Random) -> list[Step]:
    return [
        steps.LIST_SERIES,
        *chance.choices((steps.QUERY, steps.QUERY_BODY), (0.85, 0.15), k=chance.randint(4, 12)),
    ]


def _pr_creator(chance: Random) -> list[Step]:
    found = [steps.READ_REPOSITORY, steps.LIST_BRANCHES, steps.READ_REF]
    found += [steps.READ_CONTENTS] * chance.randint(2, 6)
    found.append(steps.CREATE_PR)
    return found + [steps.READ_STATUS] * chance.randint(1, 3)


def _juror(chance: Random) -> list[Step]:
    return [steps.CHAT] * chance.choice((1, 1, 2, 3))


PROFILES: Final[dict[str, Profile]] = {
    "crash-tracker": Profile(
        scope={"crash-reporting": ("read:crash-reports", "read:stack-traces")},
        credential="workflow-jwt",
        a_day=28.0,
        night=0.35,
        weekend=0.5,
        plan=_crash_tracker,
        ordinary=(steps.LIST_REPORTS, steps.READ_REPORT, steps.LIST_TRACES, steps.READ_TRACE),
        in_vain=steps.READ_REPORTER,
        unknown=steps.WATCH,
        bulky=steps.READ_REPORT,
        reports=True,
        per_minute=30,
    ),
    "telemetry-analyzer": Profile(
        scope={"telemetry": ("read:telemetry",)},
        credential="telemetry-key",
        a_day=24.0,
        night=0.8,
        weekend=0.9,
        plan=_telemetry_analyzer,
        ordinary=(steps.LIST_SERIES, steps.QUERY, steps.QUERY_BODY),
        in_vain=steps.ANNOTATE,
        unknown=steps.CRASHES_AS_TELEMETRY,
        bulky=steps.QUERY_BODY,
        reports=True,
        measured=True,
        per_minute=60,
    ),
    "pr-creator": Profile(
        scope={"code-repository": ("read", "create-pr", "create-branch")},
        credential="forge-api",
        a_day=9.0,
        night=0.1,
        weekend=0.2,
        plan=_pr_creator,
        ordinary=(
            steps.READ_REPOSITORY,
            steps.LIST_BRANCHES,
            steps.READ_REF,
            steps.READ_CONTENTS,
            steps.READ_STATUS,
        ),
        in_vain=steps.PURGE,
        unknown=steps.READ_BLOB,
        bulky=steps.CREATE_PR,
    ),
    "juror": Profile(
        scope={"openai": ("infer",), "gemini": ("infer",)},
        credential="openai-key",
        a_day=26.0,
        night=0.2,
        weekend=0.25,
        plan=_juror,
        ordinary=(steps.CHAT,),
        in_vain=steps.LIST_MODELS,
        unknown=steps.GENERATE,
        bulky=steps.CHAT,
    ),
}

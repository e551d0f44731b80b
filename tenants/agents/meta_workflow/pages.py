"""Smaller pages for an agent whose calls became slow: half of what it asks for at once, where its role still allows it.

What is told of it is counted from the log. Whether it helps cannot be tried from here: the meta-workflow reaches no
service but its own, and the proposal says so.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any, Final

import yaml

from tenants.agents.meta_workflow.model import Finding, Observation
from tenants.agents.meta_workflow.refit import folder_of
from tenants.agents.meta_workflow.remedy import Remedy, Report

SMALLEST: Final = 25
_NUMBER: Final = r"^({name}: +)(\d+)"


def smaller_pages(clone: Path, finding: Finding, observations: Iterable[Observation]) -> Remedy | Report:
    """The limits file with half of the number that this route's calls ask for, or a report why not."""
    title = f"{finding.role} waits longer on {finding.subject}"
    file = folder_of(clone, finding.role) / "limits.yaml"
    route = finding.subject.partition("/")[2]
    try:
        text = file.read_text(encoding="utf-8")
        limits = yaml.safe_load(text)
        now = limits["routes"][route]
        new = max(SMALLEST, limits[now] // 2)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return Report(title, ("No limit in the repository says how much its calls ask for at once.",))
    calls = _calls_a_run(observations, finding)
    most = _allowed(clone, finding.role)
    after = calls["all"] + calls["route"] * (limits[now] / new - 1)
    if new >= limits[now] or (most and after > most):
        return Report(title, (f"Smaller pages are no way: {now} is {limits[now]}, {after:.0f} calls a run.",))
    return Remedy(
        kind="limit",
        title=f"Ask for less at once: {finding.role}, {route}",
        files={str(file.relative_to(clone)): _replaced(text, now, new)},
        fix=(f"updated_limit: {now} {limits[now]} -> {new}, {finding.role} asks for half at once",),
        results=(
            f"calls of a run: {calls['all']:.0f} now, {after:.0f} then; the role may {most or 'any number'} a minute",
            "whether the service answers sooner is not tried: this workflow reaches no service but its own",
        ),
    )


def _replaced(text: str, name: str, value: int) -> str:
    """The text with another number behind a key at the margin; all else as it was."""
    return re.sub(_NUMBER.format(name=re.escape(name)), rf"\g<1>{value}", text, count=1, flags=re.MULTILINE)


def _calls_a_run(observations: Iterable[Observation], finding: Finding) -> dict[str, float]:
    """Median calls of a workflow of the role, all and on the route of the finding."""
    every: Counter[str] = Counter()
    route: Counter[str] = Counter()
    for one in observations:
        if one.role == finding.role and one.kind == "request":
            every[one.workflow] += 1
            route[one.workflow] += f"{one.service}/{one.route}" == finding.subject
    return {
        "all": median(every.values()) if every else 0.0,
        "route": median(route[name] for name in every) if every else 0.0,
    }


def _allowed(clone: Path, role: str) -> int:
    """How many calls a minute the repository's roles file gives the role; 0 where it says nothing."""
    try:
        roles: Any = yaml.safe_load((clone / "policies" / "roles.yaml").read_text(encoding="utf-8"))
        return int(roles["roles"][role]["limits"]["max_requests_per_min"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return 0

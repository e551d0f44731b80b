"""Services, routes and data classes that an established role asks for the first time.

Pure. A role whose own past says that it often tries something new (Good-Turing over workflows) is not alarmed about;
nor is one that has hardly any past. What was found once is no past for the next.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tenants.agents.meta_workflow.detectors.chance import alarming
from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings
from tenants.agents.meta_workflow.detectors.seen import Seen, is_name, place_of
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS, DESTINATIONS, STEP_MS
from tenants.agents.meta_workflow.model import Effect, Finding, Observation, Window

_WEEK_DAYS: Final = 7
_Key = tuple[str, str]
"""Place and data class."""


@dataclass(slots=True)
class _Past:
    """What a role has asked for so far."""

    first_ms: int
    requests: int = 0
    days: set[int] = field(default_factory=set)
    workflows: set[str] = field(default_factory=set)
    by_key: dict[_Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """At most two workflows of each: who needs more than that is no rarity."""
    services: set[str] = field(default_factory=set)
    found: set[_Key] = field(default_factory=set)

    def chance(self) -> float | None:
        """How likely a workflow brings something new; None where this role's past does not say."""
        if self.requests < DESTINATIONS.min_requests or len(self.days) <= DESTINATIONS.min_days:
            return None
        rare = sum(len(who) == 1 for key, who in self.by_key.items() if key not in self.found)
        if rare * _WEEK_DAYS / len(self.days) > DESTINATIONS.max_expected:
            return None
        return (rare + 1) / (len(self.workflows) + 1)

    def add(self, one: Observation, key: _Key) -> None:
        self.requests += 1
        self.days.add(one.time_ms // DAY_MS)
        self.workflows.add(one.workflow)
        if key not in self.found:  # all that is new of a service that is new is one finding
            self.services.add(one.service)
        if len(self.by_key[key]) <= 1:
            self.by_key[key].add(one.workflow)


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every first use, one for each role and new service, or new route of a known one."""
    found: list[Alarm] = []
    for role, observations in seen.roles.items():
        asked = [one for one in observations if one.kind == "request" and place_of(one.service, one.route)]
        found.extend(_alarms(role, asked))
    return findings("destinations", "anomaly", found)


def _alarms(role: str, asked: Sequence[Observation]) -> Iterator[Alarm]:
    past = _Past(asked[0].time_ms if asked else 0)
    for place, one in enumerate(asked):
        key = (place_of(one.service, one.route), one.data if is_name(one.data) else "")
        if key not in past.by_key:
            chance = past.chance()
            if chance is not None and alarming(chance):
                past.found.add(key)
                yield _alarm(
                    role, asked[place:], (key, one.service not in past.services, chance), past.first_ms
                )
        past.add(one, key)


def _alarm(role: str, onwards: Sequence[Observation], new: tuple[_Key, bool, float], past_ms: int) -> Alarm:
    (place, data), is_service, chance = new
    began = onwards[0].time_ms
    uses = []
    for one in onwards:
        if one.time_ms >= began + DAY_MS:
            break
        if place_of(one.service, one.route) == place and (one.data == data or not data):
            uses.append(one)
    return Alarm(
        role=role,
        group=place.partition("/")[0] if is_service else place,
        subject=place,
        window=Window(began, max(began + STEP_MS, uses[-1].time_ms + 1)),
        baseline=Window(past_ms, began),
        p=chance,
        effect=Effect("first-seen", float(len(uses)), "calls"),
        evidence=tuple(one.seq for one in uses),
        numbers={
            "allowed": float(sum(one.decision == "allow" for one in uses)),
            "denied": float(sum(one.decision == "deny" for one in uses)),
            "new_service": float(is_service),
        },
    )

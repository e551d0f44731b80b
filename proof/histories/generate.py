"""A whole history: every workflow of every role, with what goes wrong with it, in the order of time.

Promises the same entries for the same story, byte for byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from audit.entry import Entry
from proof.histories import changes, entries, events, rhythm, steps
from proof.histories.entries import Took, Worker
from proof.histories.model import DAY_MS, Fault, Kind, Story
from proof.histories.plans import PROFILES, Profile
from proof.histories.steps import Step
from proof.histories.trouble import Trouble

_THINKING_MS: Final = 3_000
_IN_VAIN: Final = 0.02
"""The share of workflows that try something they may not; agents try again, so refusals come in clumps."""
_OUTAGE_MS: Final = 90_000
_SCHEMA_FAILS: Final = 0.02
_CHECKS_FAIL: Final = 0.08
_JURIES_DISAGREE: Final = 0.06
_ACCURACY: Final = 0.93
_MEASURED: Final = 0.25
"""The share of reports that state an accuracy, on so many samples:"""
_SAMPLES: Final = (60, 120)


def generate(story: Story) -> list[Entry]:
    """All entries of a story, in the order of their time; decisions stand before their outcomes."""
    trouble = Trouble.of(story)
    outage = Random(f"{story.seed}/outage").randrange(story.begin_ms, story.end_ms)  # noqa: S311 - made up
    timed: list[tuple[int, Entry]] = []
    for role in story.roles:
        agent = _Agent.of(story, role, trouble, outage)
        for begin_ms, plan in agent.work():
            timed.extend((entry.time, entry) for entry in agent.workflow(begin_ms, plan))
    timed.sort(key=lambda one: one[0])  # stable: what was made first stands first
    return [entry for _, entry in timed]


@dataclass(frozen=True, slots=True)
class _Agent:
    """One role over all the days."""

    story: Story
    role: str
    profile: Profile
    trouble: Trouble
    weather: dict[str, rhythm.Weather]
    chance: Random
    outage_ms: int
    """When policy cannot be asked for a while."""

    @classmethod
    def of(cls, story: Story, role: str, trouble: Trouble, outage_ms: int) -> "_Agent":
        profile = PROFILES[role]
        services = {step.service for step in (*profile.ordinary, profile.unknown, profile.in_vain)}
        weather = {name: rhythm.Weather.of(story, name) for name in sorted(services)}
        chance = Random(f"{story.seed}/{role}")  # noqa: S311 - made-up work, no secret
        return cls(story, role, profile, trouble, weather, chance, outage_ms)

    def work(self) -> Iterator[tuple[int, list[Step]]]:
        """Every workflow's begin and calls: what the role does, and what its faults add."""
        quiet = (self.profile.night, self.profile.weekend)
        timetable = Random(f"{self.story.seed}/{self.role}/starts")  # noqa: S311 - made up
        for begin_ms in rhythm.starts(self.story, timetable, self.profile.a_day, quiet):
            plan = self.profile.plan(self.chance)
            if self.chance.random() < _IN_VAIN:
                plan[1:1] = [self.profile.in_vain] * self.chance.randint(1, 4)
            yield begin_ms, plan
        for fault in (
            *self.trouble.of_role(self.role, "sequence"),
            *self.trouble.of_role(self.role, "denials"),
        ):
            yield from self._odd(fault)
        for fault in self.trouble.of_role(self.role, "destination"):
            yield from self._odd(fault)

    def _odd(self, fault: Fault) -> Iterator[tuple[int, list[Step]]]:
        """The workflows of faults that are workflows of their own."""
        size = int(fault.size)
        match fault.kind:
            case "sequence":
                for _ in range(size):
                    calls = self.chance.choices(self.profile.ordinary, k=self.chance.randint(14, 24))
                    yield self.chance.randrange(fault.begin_ms, fault.end_ms), calls
            case "denials":
                yield fault.begin_ms, [self.profile.in_vain] * size
            case _:
                begin = self.profile.plan(self.chance)[:2]
                yield fault.begin_ms, [*begin, *[self.profile.unknown] * size]

    def workflow(self, begin_ms: int, plan: list[Step]) -> list[Entry]:
        """Everything that the log says of one workflow."""
        profile, chance = self.profile, self.chance
        worker = Worker(
            events.workflow_name(chance),
            self.role,
            profile.scope,
            profile.credential,
            profile.per_minute,
            self.story.revision,
        )
        found = events.begun(worker, begin_ms, chance)
        now = begin_ms + 400
        for step in plan:
            made, took_ms = self._call(worker, step, now)
            found += made
            now += took_ms + int(chance.expovariate(1 / _THINKING_MS))
        if profile.reports:
            found.append(self._report(worker, now))
        found.append(events.ended(worker, now + 60))
        return found

    def _call(self, worker: Worker, step: Step, now: int) -> tuple[list[Entry], int]:
        """One call, and how long it took; a pull request has a push and a jury before it."""
        before = self._proposed(worker, now) if step is steps.CREATE_PR else []
        if self.outage_ms <= now < self.outage_ms + _OUTAGE_MS:
            return [*before, entries.denied(worker, step, now, "pdp_unavailable", self.chance)], 20
        if step.code:
            return [entries.denied(worker, step, now, step.code, self.chance)], 8
        if step.output and self._happens("schema", now, _SCHEMA_FAILS):
            return [*before, entries.denied(worker, step, now, "request.output_invalid", self.chance)], 15
        took = self._took(step, now)
        return before + entries.allowed(worker, step, now, took, self.chance), took.ms

    def _took(self, step: Step, now: int) -> Took:
        slower = self.trouble.size("slowdown", self.role, now, 1.0)
        ms = self.weather[step.service].took_ms(step.median_ms, now, self.chance) * slower
        more = self.trouble.size("volume", self.role, now, 1.0)
        sent = step.sent * self.chance.lognormvariate(0.0, 0.5)
        # A role that sends nothing by itself carries data out in bodies that its reads never had.
        bulky = 4_000 * (more - 1) if step is self.profile.bulky and not step.sent else 0
        given = step.given * self.chance.lognormvariate(0.0, 0.6)
        return Took(max(1, int(ms)), int(sent * more + bulky), int(given))

    def _proposed(self, worker: Worker, now: int) -> list[Entry]:
        failed = self._happens("checks", now, _CHECKS_FAIL)
        disagree = self.chance.random() < self.trouble.size("jury", "", now, 100 * _JURIES_DISAGREE) / 100
        verdicts = ("pass", "pass", "veto") if disagree else ("pass", "pass", "pass")
        return [
            changes.pushed(worker, now, self.chance, failed=failed),
            events.judged(now, verdicts, self.chance),
        ]

    def _report(self, worker: Worker, now: int) -> Entry:
        if self._happens("schema", now, _SCHEMA_FAILS):
            return events.reported(worker, now, self.chance, None)
        if not self.profile.measured or self.chance.random() >= _MEASURED:
            return events.reported(worker, now, self.chance, {})
        samples = self.chance.randint(*_SAMPLES)
        likely = _ACCURACY - self.trouble.size("accuracy", self.role, now, 0.0) / 100
        day = Random(f"{self.story.seed}/{self.role}/day/{now // DAY_MS}")  # noqa: S311 - made up
        likely = min(1.0, max(0.0, likely + day.gauss(0.0, 0.01)))
        right = sum(self.chance.random() < likely for _ in range(samples))
        told: dict[str, str | int] = {"accuracy_bp": round(10_000 * right / samples), "samples": samples}
        return events.reported(worker, now, self.chance, told)

    def _happens(self, kind: Kind, now: int, usually: float) -> bool:
        size = self.trouble.size(kind, self.role, now, 100 * usually)
        return self.chance.random() < size / 100

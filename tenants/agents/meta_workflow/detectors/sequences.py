"""Workflows that call their role's routes in an order that the role does not have.

Pure. A first-order Markov model of the role's routes, fitted anew each day to the days before; a sequence is judged by
its surprise in bits beyond what a sequence of that length has. Routes never seen belong to `destinations`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.chance import Floats, adjusted, alarming, heavy_tail
from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings
from tenants.agents.meta_workflow.detectors.markov import Markov, Scores, fitted
from tenants.agents.meta_workflow.detectors.seen import Seen, place_of
from tenants.agents.meta_workflow.detectors.thresholds import (
    BASELINE_MS,
    DAY_MS,
    MIN_BASELINE_DAYS,
    SEQUENCES,
)
from tenants.agents.meta_workflow.model import Effect, Finding, Observation, Window

_WEEK_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class _Sequences:
    """All sequences of one role, by their begin: `starts` and `ends` are places in the flat arrays."""

    role: str
    places: tuple[str, ...]
    moves: NDArray[np.int64]
    """For each call: the state before by the number of states, plus its own; state 0 is the beginning."""
    calls: tuple[Observation, ...]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    days: NDArray[np.int64]
    """The day on which each begins."""

    def flat(self, begin: int, end: int) -> slice:
        """The calls of the sequences from `begin` to before `end`."""
        return slice(int(self.starts[begin]), int(self.ends[end - 1]))


@dataclass(frozen=True, slots=True)
class _Day:
    """The sequences of one day, those of its history, and which of these were ordinary."""

    begin: int
    end: int
    past: int
    ordinary: NDArray[np.bool_]


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of odd sequences of a role."""
    found: list[Alarm] = []
    for role, observations in seen.roles.items():
        asked = [one for one in observations if one.kind == "request" and place_of(one.service, one.route)]
        if asked:
            found.extend(_alarms(_sequences(role, asked)))
    return findings("sequences", "anomaly", found)


def _sequences(role: str, asked: Sequence[Observation]) -> _Sequences:
    """The calls of each workflow in order, cut where it paused or went on for very long."""
    open_: dict[str, list[Observation]] = {}
    done: list[list[Observation]] = []
    for one in asked:
        calls = open_.get(one.workflow)
        ended = calls is not None and (
            len(calls) >= SEQUENCES.max_calls or one.time_ms - calls[-1].time_ms > SEQUENCES.idle_ms
        )
        if calls is None or ended:
            calls = open_[one.workflow] = []
            done.append(calls)
        calls.append(one)
    done.sort(key=lambda calls: (calls[0].time_ms, calls[0].seq))
    places = tuple(sorted({place_of(one.service, one.route) for one in asked}))
    number = {place: state for state, place in enumerate(places, start=1)}
    states = len(places) + 1
    moves: list[int] = []
    for calls in done:
        before = 0
        for one in calls:
            state = number[place_of(one.service, one.route)]
            moves.append(before * states + state)
            before = state
    ends = np.cumsum([len(calls) for calls in done])
    return _Sequences(
        role=role,
        places=places,
        moves=np.array(moves, dtype=np.int64),
        calls=tuple(one for calls in done for one in calls),
        starts=ends - np.array([len(calls) for calls in done], dtype=np.int64),
        ends=ends,
        days=np.maximum.accumulate(np.array([calls[0].time_ms // DAY_MS for calls in done], dtype=np.int64)),
    )


def _alarms(every: _Sequences) -> Iterator[Alarm]:
    ordinary = np.ones(len(every.days), dtype=np.bool_)
    for today in np.unique(every.days).tolist():
        begin, end, past = np.searchsorted(
            every.days, [today, today + 1, today - BASELINE_MS // DAY_MS]
        ).tolist()
        history = ordinary[past:begin]
        days = len(np.unique(every.days[past:begin][history]))
        if days < MIN_BASELINE_DAYS or int(history.sum()) < SEQUENCES.min_sequences:
            continue
        for alarm, place in _of_day(
            every, _Day(begin, end, past, history), tests=_WEEK_DAYS * history.sum() / days
        ):
            ordinary[place] = False
            yield alarm


def _of_day(every: _Sequences, day: _Day, tests: float) -> Iterator[tuple[Alarm, int]]:
    """The odd sequences of one day, each with its place."""
    lengths = every.ends - every.starts
    before = every.flat(day.past, day.begin)
    known = np.repeat(day.ordinary, lengths[day.past : day.begin])
    model = fitted(every.moves[before][known], len(every.places) + 1)
    past = model.scores(every.moves[before], lengths[day.past : day.begin])
    scale = max(1.0, float(np.std(past.standard[day.ordinary])))
    now = model.scores(every.moves[every.flat(day.begin, day.end)], lengths[day.begin : day.end])
    for place in np.flatnonzero(_is_long_enough(now)).tolist():
        p = adjusted(heavy_tail(float(now.standard[place]) / scale, SEQUENCES.tail), tests)
        if alarming(p) and now.standard[place] > past.standard[day.ordinary].max():
            where = day.begin + place
            yield _alarm(every, where, model, (float(now.excess[place]), p, day.past)), where


def _is_long_enough(scores: Scores) -> NDArray[np.bool_]:
    return np.asarray((scores.known >= SEQUENCES.min_calls) & (scores.excess >= SEQUENCES.min_bits))


def _alarm(every: _Sequences, where: int, model: Markov, told: tuple[float, float, int]) -> Alarm:
    excess, p, past = told
    calls = every.calls[every.flat(where, where + 1)]
    surprise: Floats = model.surprise[every.moves[every.flat(where, where + 1)]]
    oddest = calls[int(np.argmax(surprise))]
    baseline = Window(every.calls[int(every.starts[past])].time_ms, calls[0].time_ms)
    return Alarm(
        role=every.role,
        group="",
        subject=place_of(oddest.service, oddest.route),
        window=Window(calls[0].time_ms, max(calls[-1].time_ms, calls[0].time_ms) + 1),
        baseline=baseline,
        p=p,
        effect=Effect("surprise", excess, "bits"),
        evidence=tuple(one.seq for one in calls),
        numbers={"calls": float(len(calls)), "bits": float(surprise.sum())},
    )

"""When work begins and how long a call takes: day and night, weekends, bad days, bad hours, heavy tails.

Everything follows from the seed. Figures are made up from what services look like, not fitted to a detector.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from proof.histories.model import DAY_MS, HOUR_MS, Story

_NOON_HOUR: Final = 13.0
_HOURS: Final = 24.0
_MONDAY_MS: Final = 4 * DAY_MS  # 1970-01-01 was a Thursday
_WORKDAYS: Final = 5
_CALL_SPREAD: Final = 0.45
_DAY_SPREAD: Final = 0.08
_HOUR_SPREAD: Final = 0.12
_BUSY: Final = 0.5  # how much slower the busiest hour is
_TAIL: Final = 0.015  # the share of calls that wait for something
_HICCUPS_A_WEEK: Final = 0.7
_HICCUP_FACTOR: Final = 2.5


def busy(time_ms: int, night: float, weekend: float) -> float:
    """How much of a busy moment's work there is: 1 at noon on a workday."""
    hour = (time_ms % DAY_MS) / HOUR_MS
    share = night + (1 - night) * (0.5 + 0.5 * math.cos((hour - _NOON_HOUR) / _HOURS * 2 * math.pi))
    return share * (weekend if is_weekend(time_ms) else 1.0)


def is_weekend(time_ms: int) -> bool:
    """Saturday or Sunday, UTC."""
    return ((time_ms - _MONDAY_MS) // DAY_MS) % 7 >= _WORKDAYS


def starts(story: Story, chance: Random, a_day: float, quiet: tuple[float, float]) -> Iterator[int]:
    """When workflows begin: a Poisson process whose rate follows the day (thinning)."""
    time_ms = float(story.begin_ms)
    while True:
        time_ms += chance.expovariate(a_day / DAY_MS)
        if time_ms >= story.end_ms:
            return
        if chance.random() < busy(int(time_ms), *quiet):
            yield int(time_ms)


@dataclass(frozen=True, slots=True)
class Weather:
    """How slow one service is, hour by hour, whoever asks."""

    begin_ms: int
    factors: tuple[float, ...]

    @classmethod
    def of(cls, story: Story, service: str) -> "Weather":
        """Days differ, hours drift (a first-order autoregression), and now and then there is a bad hour or two."""
        chance = Random(f"{story.seed}/weather/{service}")  # noqa: S311 - made-up weather, no secret
        factors: list[float] = []
        drift = 0.0
        for _ in range(story.days):
            today = chance.gauss(0.0, _DAY_SPREAD)
            for _ in range(int(_HOURS)):
                drift = 0.7 * drift + chance.gauss(0.0, _HOUR_SPREAD * math.sqrt(1 - 0.7**2))
                factors.append(math.exp(today + drift))
        for place in range(len(factors)):
            if chance.random() < _HICCUPS_A_WEEK / (7 * _HOURS):
                for hour in range(place, min(len(factors), place + chance.randint(1, 3))):
                    factors[hour] *= _HICCUP_FACTOR
        return cls(story.begin_ms, tuple(factors))

    def took_ms(self, median_ms: float, time_ms: int, chance: Random) -> float:
        """One call's milliseconds: log-normal, a heavy tail (Pareto), slower where there is much to do."""
        hour = min(len(self.factors) - 1, max(0, (time_ms - self.begin_ms) // HOUR_MS))
        usual = median_ms * self.factors[hour] * (1 + _BUSY * busy(time_ms, 0.2, 0.4) ** 2)
        took = usual * chance.lognormvariate(0.0, _CALL_SPREAD)
        return took * chance.paretovariate(1.3) if chance.random() < _TAIL else took

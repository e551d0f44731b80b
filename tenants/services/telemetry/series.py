"""The stored series: generated at start from a fixed seed, the same on every machine.

Pure. The time axis is fixed: one sample every 300 s from BEGIN (2026-11-08T00:00:00Z) up to, not including, END
(2026-11-22T00:00:00Z): 14 days. Each series follows the hours of its region's day, with noise and a few incidents.
Four metrics, each with the labels service and region: latency_ms (mean of the interval), cpu_percent (mean of the
interval), requests and errors (counts in the interval).
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

BEGIN = 1_794_096_000
STEP_S = 300
SAMPLES = 14 * 24 * 12
END = BEGIN + SAMPLES * STEP_S
SEED = 7829

_SLOTS = 24 * 12  # samples in one day
_PEAK_SLOT = {"eu-west": 168, "eu-central": 156, "us-east": 228}  # 14:00, 13:00 and 19:00 UTC
_TRAFFIC = {"checkout": 420.0, "search": 1_600.0, "payments": 260.0, "catalog": 900.0}
_LATENCY_MS = {"checkout": 180.0, "search": 95.0, "payments": 240.0, "catalog": 60.0}
_ERROR_SHARE = {"checkout": 0.004, "search": 0.002, "payments": 0.006, "catalog": 0.001}
_SHARE = {"eu-west": 1.0, "eu-central": 0.7, "us-east": 1.3}
METRICS = ("cpu_percent", "errors", "latency_ms", "requests")


@dataclass(frozen=True, slots=True)
class Series:
    """One stored series: its metric, its labels and one value per sample of the time axis."""

    metric: str
    labels: dict[str, str]
    values: list[float]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that really happened: samples [begin, end) of one series are changed by `factor`, then `offset`.

    With `ramp` the change grows over the incident's length instead of being there at once.
    """

    metric: str
    service: str
    region: str
    begin: int
    end: int
    factor: float = 1.0
    offset: float = 0.0
    ramp: bool = False


def _at(day: int, hour: int, minute: int = 0) -> int:
    """Return the sample index of a time of November 2026."""
    return (day - 8) * _SLOTS + hour * 12 + minute // 5


INCIDENTS = (
    Incident("latency_ms", "checkout", "eu-west", _at(21, 14), _at(21, 17), factor=2.3),
    Incident("errors", "payments", "us-east", _at(21, 9, 10), _at(21, 9, 55), factor=14.0, offset=20.0),
    Incident("requests", "search", "eu-central", _at(21, 18), _at(21, 19, 30), factor=0.2),
    Incident("cpu_percent", "catalog", "us-east", _at(21, 20), _at(21, 23), offset=60.0, ramp=True),
    Incident("latency_ms", "search", "us-east", _at(21, 4, 30), _at(21, 4, 45), factor=2.0),
    Incident("errors", "catalog", "eu-west", _at(21, 11, 15), _at(21, 11, 30), offset=9.0),
    # History: a baseline that takes these for normal is not robust.
    Incident("latency_ms", "checkout", "eu-west", _at(12, 13), _at(12, 18), factor=3.0),
    Incident("errors", "payments", "us-east", _at(15, 8), _at(15, 12), factor=20.0, offset=20.0),
    Incident("requests", "search", "eu-central", _at(17, 17), _at(17, 20), factor=0.1),
)


def stored_series() -> list[Series]:
    """Generate all series, sorted by metric, service, region; takes a fraction of a second."""
    series = []
    for metric in METRICS:
        for service in sorted(_TRAFFIC):
            for region in sorted(_SHARE):
                values = _values(metric, service, region)
                series.append(Series(metric, {"service": service, "region": region}, values))
    return series


def _values(metric: str, service: str, region: str) -> list[float]:
    # Only random() is used: its sequence for a seed is promised to be the same in every Python version.
    draw = random.Random(f"{SEED}/{metric}/{service}/{region}").random  # noqa: S311 - made-up data, no secret
    day = [_day_curve(metric, service, region, slot) for slot in range(_SLOTS)]
    spread = {"latency_ms": 0.10, "requests": 0.08, "errors": 0.45, "cpu_percent": 0.07}[metric]
    values = [
        day[index % _SLOTS] * (1.0 + spread * (draw() + draw() + draw() - 1.5)) for index in range(SAMPLES)
    ]
    for incident in INCIDENTS:
        if (incident.metric, incident.service, incident.region) == (metric, service, region):
            _apply(incident, values)
    digits = 0 if metric in ("requests", "errors") else 2
    ceiling = 100.0 if metric == "cpu_percent" else math.inf
    return [round(min(value, ceiling), digits) for value in values]


def _day_curve(metric: str, service: str, region: str, slot: int) -> float:
    """Return the value of an ordinary day at one slot, without noise."""
    load = 0.6 + 0.4 * math.cos(
        2.0 * math.pi * (slot - _PEAK_SLOT[region]) / _SLOTS
    )  # 0.2 at night, 1 at the peak
    requests = _TRAFFIC[service] * _SHARE[region] * load
    curves: dict[str, Callable[[], float]] = {
        "latency_ms": lambda: _LATENCY_MS[service] * (0.85 + 0.3 * load),
        "requests": lambda: requests,
        "errors": lambda: requests * _ERROR_SHARE[service] + 1.0,
        "cpu_percent": lambda: 12.0 + 38.0 * load,
    }
    return curves[metric]()


def _apply(incident: Incident, values: list[float]) -> None:
    length = incident.end - incident.begin
    for index in range(incident.begin, incident.end):
        share = (index - incident.begin + 1) / length if incident.ramp else 1.0
        values[index] = values[index] * (1.0 + (incident.factor - 1.0) * share) + incident.offset * share

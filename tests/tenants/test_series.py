"""The stored series: the same everywhere, with a day's shape and real incidents."""

import hashlib
import struct

from tenants.services.telemetry.series import BEGIN, END, INCIDENTS, SAMPLES, STEP_S, Series, stored_series

DAY = 288


def one(stored: list[Series], metric: str, service: str, region: str) -> list[float]:
    labels = {"service": service, "region": region}
    return next(series.values for series in stored if (series.metric, series.labels) == (metric, labels))


def test_series_are_the_same_every_time() -> None:
    """Two generations, and the generation that was reviewed, agree to the last digit."""
    stored = stored_series()
    assert stored == stored_series()
    digest = hashlib.sha256()
    for series in stored:
        digest.update(struct.pack(f"{len(series.values)}d", *series.values))
    assert digest.hexdigest() == "4806d4c7c8c7e0f8046148db6136e9c45d7250cfe2643653c225f84cd7438a2a"


def test_the_axis_is_fixed_and_full() -> None:
    """Forty-eight series hold one sample every five minutes of fourteen days."""
    stored = stored_series()
    assert len(stored) == 48
    assert END - BEGIN == SAMPLES * STEP_S == 14 * 86_400
    assert {len(series.values) for series in stored} == {SAMPLES}


def test_traffic_follows_the_hours_of_the_region() -> None:
    """An ordinary day has several times the traffic at its peak than at night, in each region at its own hour."""
    stored = stored_series()
    for region, peak in (("eu-west", 168), ("us-east", 228)):
        values = one(stored, "requests", "checkout", region)[3 * DAY : 4 * DAY]
        busy = sum(values[peak - 6 : peak + 6])
        quiet = sum(values[(peak + DAY // 2 - 6) % DAY :][:12])
        assert busy > 3 * quiet


def test_every_incident_can_be_seen() -> None:
    """At the height of each incident the series is far from the same time of an ordinary day."""
    stored = stored_series()
    for incident in INCIDENTS:
        values = one(stored, incident.metric, incident.service, incident.region)
        ordinary = 2 * DAY  # the tenth of November has no incident
        time_of_day = (incident.end - 1) % DAY
        usual, struck = values[ordinary + time_of_day], values[incident.end - 1]
        assert max(struck, 1.0) / max(usual, 1.0) > 1.5 or struck < 0.5 * usual

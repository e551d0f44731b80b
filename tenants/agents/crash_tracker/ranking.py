"""Which bug first: a score from 0 to 100 and a trend, from the reports alone.

Pure and without a clock: "now" is the newest report, so that the same reports always give the same ranking.

    score = 100 * (0.45 users + 0.25 events + 0.20 recency + 0.10 fresh)

users and events: log(1 + count) as a share of the largest group's; recency: 0.5 to the power of the reports' mean
age in half-lives of 3 days; fresh: 1 where every report is from the app's latest version.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenants.agents.crash_tracker.model import Group, Report

HALF_LIFE = timedelta(days=3)
TREND_SPAN = timedelta(days=3)
RISING = 1.5  # users of the last span over users of the span before it


@dataclass(frozen=True, slots=True)
class Ranked:
    """A group with its numbers; `versions` from old to new, `trend` in one or two words."""

    group: Group
    score: float
    users: int
    events: int
    first_seen: datetime
    last_seen: datetime
    versions: tuple[str, ...]
    only_in_latest: bool
    trend: str


def rank(groups: Sequence[Group]) -> list[Ranked]:
    """Return the groups, highest score first, equal scores by fingerprint."""
    if not groups:
        return []
    reports = [report for group in groups for report in group.reports]
    now = max(report.occurred_at for report in reports)
    latest = _latest_versions(reports)
    most_users = max(_users(group.reports) for group in groups)
    most_events = max(_events(group.reports) for group in groups)
    ranked = []
    for group in groups:
        users, events = _users(group.reports), _events(group.reports)
        versions = tuple(sorted({report.version for report in group.reports}, key=version_order))
        only_in_latest = versions == (latest[group.app],)
        shares = (
            0.45 * math.log1p(users) / math.log1p(most_users)
            + 0.25 * math.log1p(events) / math.log1p(most_events)
            + 0.20 * _recency(group.reports, now)
            + 0.10 * only_in_latest
        )
        ranked.append(
            Ranked(
                group=group,
                score=round(100 * shares, 1),
                users=users,
                events=events,
                first_seen=group.reports[0].occurred_at,
                last_seen=group.reports[-1].occurred_at,
                versions=versions,
                only_in_latest=only_in_latest,
                trend=trend(group.reports, now),
            )
        )
    return sorted(ranked, key=lambda one: (-one.score, one.group.fingerprint))


def trend(reports: Sequence[Report], now: datetime) -> str:
    """Compare the users of the last three days with those of the three days before."""
    if reports[0].occurred_at > now - TREND_SPAN:
        return "new"
    recent = _users([report for report in reports if report.occurred_at > now - TREND_SPAN])
    before = _users(
        [report for report in reports if now - 2 * TREND_SPAN < report.occurred_at <= now - TREND_SPAN]
    )
    if not recent:
        return "quiet"
    if not before:
        return "back"
    ratio = recent / before
    if ratio >= RISING:
        return f"rising x{ratio:.1f}"
    return f"falling x{ratio:.1f}" if ratio <= 1 / RISING else "steady"


def version_order(version: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key under which 4.10.2 is later than 4.9.0."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in version.split("."))


def _latest_versions(reports: Sequence[Report]) -> dict[str, str]:
    latest: dict[str, str] = {}
    for report in reports:
        known = latest.get(report.app)
        if known is None or version_order(report.version) > version_order(known):
            latest[report.app] = report.version
    return latest


def _users(reports: Sequence[Report]) -> int:
    return sum(report.users for report in reports)


def _events(reports: Sequence[Report]) -> int:
    return sum(report.occurrences for report in reports)


def _recency(reports: Sequence[Report], now: datetime) -> float:
    ages = [(now - report.occurred_at) / HALF_LIFE for report in reports]
    return float(0.5 ** (math.fsum(ages) / len(ages)))

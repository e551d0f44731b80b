"""The ranking for people and for programs.

Pure. Every word that came from a crash report is escaped before it is shown.
"""

from collections.abc import Sequence
from typing import Any

from tenants.agents.calls import printable
from tenants.agents.crash_tracker.ranking import Ranked

TOP = 10
_WIDTH = 116
_MOST_FINDINGS = 500
_LONGEST_TITLE = 200
_LONGEST_PLACE = 1_000
_BY_FRAMES, _BY_NAME = 0.9, 0.5
"""How sure it is that the reports of a group are one bug: told by their frames, or by the exception alone."""


def as_text(ranked: Sequence[Ranked], requests: int) -> str:
    """Return the report: a table of the top ten, then where to look for each."""
    reports = sum(len(one.group.reports) for one in ranked)
    if not ranked:
        return f"No crash reports ({requests} requests)."
    newest = max(one.last_seen for one in ranked)
    lines = [
        f"{reports} crash reports, {len(ranked)} distinct bugs, up to {newest:%Y-%m-%d %H:%M} UTC ({requests} requests)",
        "",
        f" #  score  users  events  last seen    trend         {'versions':<16} bug",
    ]
    for number, one in enumerate(ranked[:TOP], start=1):
        lines.append(
            f"{number:>2}  {one.score:>5.1f}  {one.users:>5}  {one.events:>6}  {one.last_seen:%m-%d %H:%M}"
            f"  {one.trend:<12}  {_versions(one):<16} {_bug(one)}"
        )
    lines += [
        "* only in the latest version of its app",
        "",
        "Where to look (an example report, the innermost own frames)",
    ]
    for number, one in enumerate(ranked[:TOP], start=1):
        lines += [f"{number:>2}  {_fit(_title(one))}", f"    {_fit(_where(one))}"]
    rest = ranked[TOP:]
    if rest:
        lines += ["", f"{len(rest)} more bugs with {sum(one.users for one in rest)} users; --json lists all."]
    return "\n".join(printable(line) for line in lines)


def as_document(ranked: Sequence[Ranked], requests: int) -> dict[str, Any]:
    """Return the same as plain values, every group included."""
    return {
        "reports": sum(len(one.group.reports) for one in ranked),
        "requests": requests,
        "bugs": [_entry(number, one) for number, one in enumerate(ranked, start=1)],
    }


def as_report(ranked: Sequence[Ranked], requests: int) -> dict[str, Any]:
    """Return the ranking in the form in which reports of agents are kept, the gravest bug first."""
    reports = sum(len(one.group.reports) for one in ranked)
    return {
        "type": "report",
        "title": f"{len(ranked)} distinct bugs in {reports} crash reports",
        "summary": f"{sum(one.users for one in ranked)} users met them; {requests} requests were made.",
        "findings": [_finding(one) for one in ranked[:_MOST_FINDINGS]],
    }


def _finding(one: Ranked) -> dict[str, Any]:
    return {
        "title": printable(_title(one))[:_LONGEST_TITLE],
        "detail": f"{one.users} users, {one.events} events, score {one.score}, {one.trend}",
        "confidence": _BY_FRAMES if one.group.frames else _BY_NAME,
        "place": printable(_where(one))[:_LONGEST_PLACE],
    }


def _entry(number: int, one: Ranked) -> dict[str, Any]:
    return {
        "rank": number,
        "score": one.score,
        "fingerprint": one.group.fingerprint,
        "app": one.group.app,
        "language": one.group.language,
        "exception": one.group.exception,
        "frames": [frame.shown() for frame in one.group.frames],
        "users": one.users,
        "events": one.events,
        "first_seen": one.first_seen.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_seen": one.last_seen.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": list(one.versions),
        "only_in_latest": one.only_in_latest,
        "trend": one.trend,
        "reports": [report.id for report in one.group.reports],
    }


def _versions(one: Ranked) -> str:
    span = one.versions[0] if len(one.versions) == 1 else f"{one.versions[0]}-{one.versions[-1]}"
    return span + " *" if one.only_in_latest else span


def _bug(one: Ranked) -> str:
    return f"{one.group.app}: {_short_exception(one)}"


def _short_exception(one: Ranked) -> str:
    name = one.group.exception
    return name if " " in name else name.rpartition(".")[2]


def _title(one: Ranked) -> str:
    return f"{one.group.exception} in {one.group.app}, {len(one.group.reports)} reports since {one.first_seen:%m-%d}"


def _where(one: Ranked) -> str:
    frames = ", called by ".join(frame.shown() for frame in one.group.frames) or "no frames"
    return f"{one.group.reports[-1].id} at {frames}"


def _fit(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."

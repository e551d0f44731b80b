"""The values of the crash-reporting service: a crash report and what parts of it each route shows.

Pure: no clock, no files. Times are RFC 3339 in UTC to the second ("2026-11-21T14:05:00Z"), so that their text
order is their time order.
"""

from datetime import datetime
from typing import Literal

import msgspec

Status = Literal["open", "triaged", "closed"]
Language = Literal["python", "java", "javascript", "go"]


class Reporter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The person whose device sent the report; read only under `read:reporter-contacts`."""

    name: str
    email: str


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One crash as a client library sent it.

    `users` and `occurrences` count what the client library folded into this one report (at least 1 each);
    `stack_trace` is the raw text of the runtime.
    """

    id: str
    occurred_at: str
    app: str
    version: str
    language: Language
    os: str
    users: int
    occurrences: int
    status: Status
    reporter: Reporter
    stack_trace: str


class ReportView(msgspec.Struct, frozen=True):
    """A report as `/reports` shows it: neither the trace nor the person."""

    id: str
    occurred_at: str
    app: str
    version: str
    language: Language
    os: str
    users: int
    occurrences: int
    status: Status


class TraceView(msgspec.Struct, frozen=True):
    """A stack trace as `/stack-traces` shows it."""

    id: str
    language: Language
    stack_trace: str


class ContactView(msgspec.Struct, frozen=True):
    """The reporter of one report."""

    id: str
    name: str
    email: str


class StatusChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /reports/{id}/status`."""

    status: Status


def report_view(report: Report) -> ReportView:
    """Return what the crash-reports data class covers."""
    return ReportView(
        id=report.id,
        occurred_at=report.occurred_at,
        app=report.app,
        version=report.version,
        language=report.language,
        os=report.os,
        users=report.users,
        occurrences=report.occurrences,
        status=report.status,
    )


def trace_view(report: Report) -> TraceView:
    """Return what the stack-traces data class covers."""
    return TraceView(id=report.id, language=report.language, stack_trace=report.stack_trace)


def contact_view(report: Report) -> ContactView:
    """Return what the reporter-contacts data class covers."""
    return ContactView(id=report.id, name=report.reporter.name, email=report.reporter.email)


def is_time(text: str) -> bool:
    """Say whether `text` is a time in the one form that this service reads and writes."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").strftime("%Y-%m-%dT%H:%M:%SZ") == text
    except ValueError:
        return False

"""Reading everything the ranking needs, in few requests: reports by pages, stack traces in bulk.

I/O only; the role of this agent allows 30 requests a minute, and 400 reports take six. Promise: each report comes
with its trace, or the whole reading fails.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tenants.agents.calls import Proxy, UnreachableError
from tenants.agents.crash_tracker.limits import Limits
from tenants.agents.crash_tracker.model import Report

SERVICE = "/crash-reporting"


def read_reports(proxy: Proxy, limits: Limits) -> list[Report]:
    """Read all reports with their traces; raises RefusedError, UnreachableError."""
    listed = _read_pages(proxy, limits.page)
    traces: dict[str, str] = {}
    ids = [_field(entry, "id", str) for entry in listed]
    for start in range(0, len(ids), limits.bulk):
        bulk = ",".join(ids[start : start + limits.bulk])
        answer = proxy.get(f"{SERVICE}/stack-traces", {"reports": bulk})
        for entry in _field(answer, "stack_traces", list):
            traces[_field(entry, "id", str)] = _field(entry, "stack_trace", str)
    missing = [report_id for report_id in ids if report_id not in traces]
    if missing:
        raise UnreachableError(f"{len(missing)} reports came without a stack trace, {missing[0]} first")
    return [_report(entry, traces) for entry in listed]


def _read_pages(proxy: Proxy, size: int) -> list[Mapping[str, Any]]:
    listed: list[Mapping[str, Any]] = []
    cursor = ""
    while True:
        wanted: dict[str, str | int] = {"limit": size}
        if cursor:
            wanted["cursor"] = cursor
        answer = proxy.get(f"{SERVICE}/reports", wanted)
        page = _field(answer, "reports", list)
        listed.extend(page)
        cursor = _field(answer, "next_cursor", str)
        if not cursor:
            return listed
        if not page:
            raise UnreachableError("the service gave an empty page with a cursor; that would never end")


def _report(entry: Mapping[str, Any], traces: Mapping[str, str]) -> Report:
    report_id = _field(entry, "id", str)
    return Report(
        id=report_id,
        occurred_at=_field(entry, "occurred_at", _time),
        app=_field(entry, "app", str),
        version=_field(entry, "version", str),
        language=_field(entry, "language", str),
        users=_field(entry, "users", int),
        occurrences=_field(entry, "occurrences", int),
        stack_trace=traces[report_id],
    )


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def _field(entry: Any, name: str, read: type | Callable[[str], datetime]) -> Any:
    """Return one field of an answer; raises UnreachableError where it is absent or of another kind."""
    value = entry.get(name) if isinstance(entry, dict) else None
    if isinstance(read, type):
        if type(value) is read:
            return value
    elif isinstance(value, str):
        try:
            return read(value)
        except ValueError:
            pass
    raise UnreachableError(f"the service's answer has no proper `{name}`")

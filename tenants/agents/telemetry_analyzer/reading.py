"""Reading what the analysis needs: one query for each metric, fourteen days in buckets of 15 minutes.

I/O only. Promise: every series comes complete, or the whole reading fails.
"""

from collections.abc import Mapping
from typing import Any

from tenants.agents.calls import Proxy, UnreachableError
from tenants.agents.telemetry_analyzer.model import Line

PATH = "/telemetry/query"
QUERIES: Mapping[str, str] = {
    "latency_ms": "p95(latency_ms[14d]) by (service, region) step 15m",
    "errors": "rate(errors[14d]) by (service, region) step 15m",
    "requests": "rate(requests[14d]) by (service, region) step 15m",
    "cpu_percent": "max(cpu_percent[14d]) by (service, region) step 15m",
}


def read_lines(proxy: Proxy) -> list[Line]:
    """Read all series; raises RefusedError, UnreachableError."""
    lines: list[Line] = []
    for metric, query in QUERIES.items():
        answer = proxy.get(PATH, {"q": query})
        listed = answer.get("series")
        if not isinstance(listed, list):
            raise UnreachableError("the service's answer has no proper `series`")
        lines.extend(_line(metric, entry) for entry in listed)
    return lines


def _line(metric: str, entry: Any) -> Line:
    try:
        labels = entry["labels"]
        points = tuple((_seconds(time), _number(value)) for time, value in entry["points"])
        return Line(metric, str(labels["service"]), str(labels["region"]), points)
    except (KeyError, TypeError, ValueError):
        raise UnreachableError("the service's answer has a series that is none") from None


def _seconds(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _number(value: Any) -> float:
    if type(value) is not int and type(value) is not float:
        raise TypeError
    return float(value)

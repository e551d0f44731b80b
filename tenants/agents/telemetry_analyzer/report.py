"""The findings for people and for programs.

Pure. Every word that came from the service is escaped before it is shown.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from tenants.agents.calls import printable
from tenants.agents.telemetry_analyzer.accuracy import Measured
from tenants.agents.telemetry_analyzer.model import Finding
from tenants.agents.telemetry_analyzer.rules import CLASSES

_UNITS = {"latency_ms": "ms", "errors": "/s", "requests": "/s", "cpu_percent": "%"}
_MOST_FINDINGS = 500
_LONGEST_PLACE = 1_000
_NAMES = {"latency_ms": "p95 latency", "errors": "errors", "requests": "requests", "cpu_percent": "CPU"}


@dataclass(frozen=True, slots=True)
class Classified:
    """A finding and the class that the rules gave it."""

    name: str
    finding: Finding


def in_order(classified: Sequence[Classified]) -> list[Classified]:
    """Sort by class, as `CLASSES` lists them, then by length and z-score."""
    return sorted(
        classified,
        key=lambda one: (CLASSES.index(one.name), -one.finding.traits.minutes, -one.finding.traits.peak_z),
    )


def as_text(classified: Sequence[Classified], series: int, requests: int) -> str:
    """Return the report: one line for each finding that matters, and a count of the noise."""
    noise = sum(one.name == "noise" for one in classified)
    told = [one for one in in_order(classified) if one.name != "noise"]
    lines = [
        f"{series} series, the last day against 13 days before: {len(told)} findings, {noise} noise ({requests} requests)"
    ]
    if told:
        lines += ["", f"{'class':<19} {'service':<10} {'region':<11} {'when (UTC)':<18} {'z':>6}  what"]
    lines.extend(_line(one) for one in told)
    return "\n".join(printable(line) for line in lines)


def as_document(classified: Sequence[Classified], series: int, requests: int) -> dict[str, Any]:
    """Return the same as plain values, the noise included."""
    findings = [
        {
            "class": one.name,
            "service": one.finding.service,
            "region": one.finding.region,
            "begin": one.finding.begin,
            "end": one.finding.end,
            "expected": one.finding.expected,
            **asdict(one.finding.traits),
        }
        for one in in_order(classified)
    ]
    return {"series": series, "requests": requests, "findings": findings}


def as_report(classified: Sequence[Classified], series: int, measured: Measured) -> dict[str, Any]:
    """Return the findings in the form in which reports of agents are kept, with how right their classes are.

    A finding's confidence is how often its class was right on the labelled samples where the rules gave it.
    """
    told = [one for one in in_order(classified) if one.name != "noise"]
    return {
        "type": "report",
        "title": f"{len(told)} findings in {series} series of the last day",
        "summary": f"{len(classified) - len(told)} more were noise.",
        "accuracy": round(measured.accuracy, 4),
        "samples": measured.samples,
        "findings": [
            {
                "title": one.name,
                "detail": printable(_line(one)),
                "confidence": round(measured.precision(one.name), 4),
                "place": printable(f"{one.finding.service} {one.finding.region}")[:_LONGEST_PLACE],
            }
            for one in told[:_MOST_FINDINGS]
        ],
    }


def _line(one: Classified) -> str:
    finding, traits = one.finding, one.finding.traits
    unit = _UNITS.get(traits.metric, "")
    when = f"{_clock(finding.begin, '%m-%d %H:%M')}-{_clock(finding.end, '%H:%M')}"
    what = (
        f"{_NAMES.get(traits.metric, traits.metric)} {traits.direction} to {traits.level:.4g} {unit}, "
        f"usual {finding.expected:.4g} (x{traits.ratio:.2f}, {traits.minutes} min)"
    )
    return (
        f"{one.name:<19} {finding.service:<10} {finding.region:<11} {when:<18} {traits.peak_z:>6.1f}  {what}"
    )


def _clock(seconds: int, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)

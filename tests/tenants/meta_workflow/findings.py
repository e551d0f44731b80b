"""Findings, histories and clones for these tests."""

from pathlib import Path
from typing import Any

from tenants.agents.meta_workflow.model import Effect, Finding, Pattern, Window

DAY_MS = 86_400_000
NOW_MS = 1_763_890_000_000


def finding(detector: str = "accuracy", role: str = "telemetry-analyzer", **changes: Any) -> Finding:
    """A finding of that detector about that role."""
    patterns: dict[str, Pattern] = {"latency": "degradation", "accuracy": "drift"}
    made: dict[str, Any] = {
        "detector": detector,
        "pattern": patterns.get(detector, "anomaly"),
        "role": role,
        "subject": "telemetry/query",
        "effect": Effect("points", 15.0, "points"),
        "confidence": 0.999,
        "window": Window(NOW_MS - DAY_MS, NOW_MS),
        "baseline": Window(NOW_MS - 14 * DAY_MS, NOW_MS - DAY_MS),
        "entries": (11, 12, 13),
        "numbers": {"entries": 3.0},
    }
    return Finding(**{**made, **changes})


def written(folder: Path, files: dict[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder

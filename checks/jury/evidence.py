"""The text that jurors are shown of a document, and of the change that it is about: legible, so that it can be quoted; pure."""

import json
from typing import Any


def evidence_of(document: bytes, change: str = "") -> str:
    """Every text of a JSON document as it reads, under its name; behind it the change as a diff."""
    lines = list(_lines("", json.loads(document)))
    if change:
        lines += ["", "The change itself:", change]
    return "\n".join(lines)


def _lines(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [
            line for key, inner in value.items() for line in _lines(f"{name}.{key}" if name else key, inner)
        ]
    if isinstance(value, list):
        return [line for place, inner in enumerate(value) for line in _lines(f"{name}[{place}]", inner)]
    if isinstance(value, str):
        return [f"{name}: {value}"]
    return [f"{name}: {json.dumps(value)}"]

"""Write the labelled samples again: `python -m tenants.agents.telemetry_analyzer.generate [FILE]`.

Made-up findings with a fixed seed; the label is what was acted out, never what a rules file would say, and the
classes overlap as real ones do, so that no rules file is right on all. Promise: the same bytes in every Python version.
"""

import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenants.agents.telemetry_analyzer.accuracy import SHIPPED_SAMPLES

SEED = 7829
PER_CLASS = 40

Draw = Callable[[float, float], float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How an act looks: its metric, its direction, and from which ranges its numbers are drawn."""

    metric: str
    direction: str
    ratio: Range
    minutes: Range
    level: Range


_REAL = (
    ("latency-regression", _Shape("latency_ms", "up", (1.3, 4.0), (20, 300), (120, 900))),
    ("error-burst", _Shape("errors", "up", (2.5, 25.0), (20, 160), (0.05, 1.5))),
    ("traffic-drop", _Shape("requests", "down", (0.02, 0.7), (20, 240), (0.05, 3.0))),
    ("saturation", _Shape("cpu_percent", "up", (1.5, 2.6), (25, 300), (84, 100))),
)
_NOISE = (
    _Shape("latency_ms", "up", (1.1, 2.2), (15, 40), (80, 400)),
    _Shape("errors", "up", (1.8, 4.5), (15, 45), (0.03, 0.3)),
    _Shape("requests", "up", (1.2, 1.9), (15, 180), (1.0, 9.0)),
    _Shape("cpu_percent", "up", (1.2, 1.7), (15, 60), (45, 92)),
)


def samples() -> list[dict[str, Any]]:
    """Make all samples: 40 of each real class, 80 of noise."""
    share = random.Random(SEED).random  # noqa: S311 - made-up data, no secret

    def draw(low: float, high: float) -> float:
        """Draw from [low, high], more often near the middle."""
        return low + (high - low) * (share() + share()) / 2

    made: list[dict[str, Any]] = []
    for _ in range(PER_CLASS):
        made += [_sample(label, shape, draw) for label, shape in _REAL]
        made += [_sample("noise", _NOISE[int(share() * len(_NOISE))], draw) for _ in range(2)]
    return made


def _sample(label: str, shape: _Shape, draw: Draw) -> dict[str, Any]:
    ratio = draw(*shape.ratio)
    return {
        "label": label,
        "metric": shape.metric,
        "direction": shape.direction,
        "ratio": round(ratio, 3),
        "minutes": max(15, round(draw(*shape.minutes) / 15) * 15),
        "peak_z": round(draw(7, 12) if label == "noise" else draw(8, 40), 1),
        "level": round(draw(*shape.level), 4),
    }


def main(argv: Sequence[str]) -> None:
    """Write the samples to the file named, or over the shipped ones."""
    path = Path(argv[0]) if argv else SHIPPED_SAMPLES
    made = samples()
    path.write_text("".join(json.dumps(sample) + "\n" for sample in made), encoding="ascii")
    print(f"wrote {len(made)} samples to {path}")


if __name__ == "__main__":
    main(sys.argv[1:])

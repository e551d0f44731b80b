"""How right a rules file is on labelled samples: `python -m tenants.agents.telemetry_analyzer.accuracy --rules F`.

Measures, never judges. Promise: the same rules and samples give the same numbers; a sample that cannot be read
stops the measurement instead of being left out.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenants.agents.calls import USAGE
from tenants.agents.telemetry_analyzer.model import Traits
from tenants.agents.telemetry_analyzer.rules import CLASSES, Rules, RulesError, classify, load
from tenants.agents.telemetry_analyzer.settings import SHIPPED_RULES

SHIPPED_SAMPLES = Path(__file__).parent / "samples.jsonl"


class SamplesError(Exception):
    """The samples cannot be used; the text says which line."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A finding's traits and the class that it really has."""

    label: str
    traits: Traits


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts by (label, class given); `accuracy` is the share that was right, from 0 to 1."""

    confusion: dict[tuple[str, str], int]
    samples: int
    right: int

    @property
    def accuracy(self) -> float:
        """Return the share of samples whose class is their label."""
        return self.right / self.samples

    def precision(self, name: str) -> float:
        """Return how often this class was right where it was given; 0 where it never was."""
        given = sum(count for (_, got), count in self.confusion.items() if got == name)
        return self.confusion.get((name, name), 0) / given if given else 0.0


def measure(rules: Rules, samples: Sequence[Sample]) -> Measured:
    """Classify every sample (at least one) and count."""
    confusion: dict[tuple[str, str], int] = {}
    for sample in samples:
        pair = (sample.label, classify(rules, sample.traits))
        confusion[pair] = confusion.get(pair, 0) + 1
    right = sum(count for (label, given), count in confusion.items() if label == given)
    return Measured(confusion, len(samples), right)


def load_samples(path: Path) -> list[Sample]:
    """Read JSON lines; raises SamplesError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SamplesError(f"cannot read {path}: {error}") from error
    samples = []
    for number, line in enumerate(lines, start=1):
        try:
            samples.append(_sample(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise SamplesError(f"{path}:{number}: not a labelled sample ({error})") from error
    if not samples:
        raise SamplesError(f"{path} holds no sample")
    return samples


def _sample(entry: dict[str, Any]) -> Sample:
    label = entry.pop("label")
    if label not in CLASSES or entry["direction"] not in ("up", "down"):
        raise ValueError("unknown label or direction")
    return Sample(label, Traits(**entry))


def as_document(measured: Measured) -> dict[str, Any]:
    """Return the numbers as plain values, with precision and recall of each class (0 where nothing counts)."""
    classes = {}
    for name in CLASSES:
        right = measured.confusion.get((name, name), 0)
        labelled = sum(count for (label, _), count in measured.confusion.items() if label == name)
        classes[name] = {
            "samples": labelled,
            "recall": round(right / labelled, 4) if labelled else 0.0,
            "precision": round(measured.precision(name), 4),
        }
    return {
        "samples": measured.samples,
        "right": measured.right,
        "accuracy": round(measured.accuracy, 4),
        "classes": classes,
    }


def _as_text(document: dict[str, Any]) -> str:
    lines = [
        f"accuracy {document['accuracy']:.1%} ({document['right']} of {document['samples']} samples)",
        "",
    ]
    lines.append(f"{'class':<19} {'samples':>7} {'recall':>7} {'precision':>9}")
    for name, row in document["classes"].items():
        lines.append(f"{name:<19} {row['samples']:>7} {row['recall']:>7.1%} {row['precision']:>9.1%}")
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Print the accuracy; return 0, or 2 where a file is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.agents.telemetry_analyzer.accuracy",
        description="Measure a rules file on labelled samples.",
        epilog="exit codes: 0 measured, 2 usage or a wrong file",
    )
    parser.add_argument("--rules", type=Path, default=SHIPPED_RULES, help="the rules file to measure")
    parser.add_argument("--samples", type=Path, default=SHIPPED_SAMPLES, help="labelled samples, JSON lines")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
    given = parser.parse_args(argv)
    try:
        document = as_document(measure(load(given.rules), load_samples(given.samples)))
    except (RulesError, SamplesError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    print(json.dumps(document) if given.as_json else _as_text(document))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

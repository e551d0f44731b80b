"""A rules file whose thresholds are fitted anew: to one half of the labelled samples, measured on the other.

Measured by the tenant's own program, in a process of its own, with the old file and the new one. The half that a
threshold was fitted to never measures it. Only numbers of the file change; its rules, their order and its comments stay.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import yaml

from tenants.agents.meta_workflow.model import Finding
from tenants.agents.meta_workflow.remedy import Remedy, Report
from tenants.agents.telemetry_analyzer import rules
from tenants.agents.telemetry_analyzer.accuracy import Sample, SamplesError, load_samples, measure
from tenants.agents.telemetry_analyzer.rules import Rules, RulesError

LEAST_GAIN = 0.02
"""How much more of the measuring half must be right."""
WITHIN_S = 60
_PASSES = 3
_VALUES = 40
"""Candidates for one threshold."""


class NotMeasured(Exception):
    """The tenant's own program did not measure; the text says why."""


@dataclass(frozen=True, slots=True)
class _Threshold:
    """A number in the text: which rule, which limit, and where it stands."""

    rule: int
    name: str
    begin: int
    end: int


def folder_of(clone: Path, role: str) -> Path:
    """Where a role's agent lies in the repository."""
    return clone / "tenants" / "agents" / role.replace("-", "_")


def refit(clone: Path, finding: Finding) -> Remedy | Report:
    """A rules file that is more often right, or a report that none was found."""
    folder = folder_of(clone, finding.role)
    file, labelled = folder / "rules.yaml", folder / "samples.jsonl"
    title = f"Accuracy of {finding.role} fell"
    if not file.is_file() or not labelled.is_file():
        return Report(
            title, (f"There are no rules and labelled samples of {finding.role} in the repository.",)
        )
    try:
        old = file.read_text(encoding="utf-8")
        fitted_to, measured_on = halves(load_samples(labelled))
        new = fitted(old, fitted_to)
        before, after = (_accuracy(clone, folder, text, measured_on) for text in (old, new))
    except (RulesError, SamplesError, NotMeasured, OSError, ValueError, yaml.YAMLError) as error:
        return Report(title, (f"The rules could not be fitted anew: {type(error).__name__}.",))
    if after - before < LEAST_GAIN:
        said = f"Thresholds fitted anew are right in {after:.1%} of held-out samples, the present ones in {before:.1%}."
        return Report(title, (said, "That is no improvement to propose."))
    return Remedy(
        kind="rules",
        title=f"Fix {finding.role} rules causing classification drift",
        files={str(file.relative_to(clone)): new},
        fix=tuple(f"updated_rules: {line}" for line in changes(old, new)),
        results=(
            f"{after:.1%} accuracy on {len(measured_on)} labelled samples held out ({before:.1%} with the old rules)",
            f"fitted to the other {len(fitted_to)} samples; both measured by the agent's own accuracy program",
        ),
    )


def halves(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """The samples to fit to and those to measure on: of each label every second one, in the file's order."""
    seen: dict[str, int] = {}
    sides: tuple[list[Sample], list[Sample]] = ([], [])
    for sample in samples:
        seen[sample.label] = seen.get(sample.label, 0) + 1
        sides[seen[sample.label] % 2].append(sample)
    return sides[1], sides[0]


def fitted(text: str, samples: Sequence[Sample]) -> str:
    """The text with thresholds that are right most often on these samples. Raises RulesError, ValueError, YAMLError."""
    best = rules.read(yaml.safe_load(text))
    places = [(number, name) for number, rule in enumerate(best.rules) for name in rule.limits]
    for _ in range(_PASSES):
        before = best
        for number, name in places:
            best = _better(best, number, name, samples)
        if best == before:
            break
    return _written(text, best)


def changes(old: str, new: str) -> Iterator[str]:
    """Each threshold that differs, as people read it."""
    before, after = rules.read(yaml.safe_load(old)), rules.read(yaml.safe_load(new))
    for one, other in zip(before.rules, after.rules, strict=True):
        for name, value in one.limits.items():
            if other.limits[name] != value:
                yield f"{one.name}: {name} {value:g} -> {other.limits[name]:g}"


def _better(known: Rules, number: int, name: str, samples: Sequence[Sample]) -> Rules:
    """The rules with the best value of one threshold; of values that are as good the nearest, and none that is no better."""
    rule = known.rules[number]
    now = rule.limits[name]
    values = sorted({_measured(name, sample) for sample in samples if _concerns(rule, sample)})
    between = [float(f"{(low + high) / 2:.3g}") for low, high in pairwise(values)]
    tried = [(now, known)] + [
        (value, _with(known, number, name, value)) for value in between[:: max(1, len(between) // _VALUES)]
    ]
    return max(tried, key=lambda one: (measure(one[1], samples).right, -abs(one[0] - now)))[1]


def _with(known: Rules, number: int, name: str, value: float) -> Rules:
    """The rules with another value of one threshold."""
    changed = list(known.rules)
    changed[number] = replace(changed[number], limits={**changed[number].limits, name: value})
    return replace(known, rules=tuple(changed))


def _written(text: str, new: Rules) -> str:
    """The text with the thresholds of these rules, where they differ: all else stands as it was."""
    old = rules.read(yaml.safe_load(text))
    for place in reversed(_thresholds(text)):
        value = new.rules[place.rule].limits[place.name]
        if value != old.rules[place.rule].limits[place.name]:
            text = f"{text[: place.begin]}{value:g}{text[place.end :]}"
    return text


def _concerns(rule: rules.Rule, sample: Sample) -> bool:
    return rule.metric in ("", sample.traits.metric) and rule.direction in ("", sample.traits.direction)


def _measured(name: str, sample: Sample) -> float:
    traits = sample.traits
    of = {"min_ratio": traits.ratio, "max_ratio": traits.ratio, "min_minutes": traits.minutes}
    return float({**of, "min_z": traits.peak_z, "min_level": traits.level}[name])


def _thresholds(text: str) -> list[_Threshold]:
    """Where the numbers stand. Raises ValueError for a file of another shape."""
    found = []
    for number, rule in enumerate(_value(yaml.compose(text, yaml.SafeLoader), "rules").value):
        for key, value in _value(rule, "when").value:
            if key.value.startswith(("min_", "max_")):
                found.append(_Threshold(number, key.value, value.start_mark.index, value.end_mark.index))
    return found


def _value(node: yaml.Node | None, key: str) -> yaml.Node:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key and isinstance(value, yaml.Node):
                return value
    raise ValueError(f"the rules file has no {key}")


def _accuracy(clone: Path, folder: Path, text: str, samples: Sequence[Sample]) -> float:
    """What the agent's own program in the clone says of these rules. Raises NotMeasured."""
    module = ".".join((*folder.relative_to(clone).parts, "accuracy"))
    with tempfile.TemporaryDirectory() as place:
        rules_file, samples_file = Path(place) / "rules.yaml", Path(place) / "samples.jsonl"
        rules_file.write_text(text, encoding="utf-8")
        samples_file.write_text("".join(f"{_line(sample)}\n" for sample in samples), encoding="utf-8")
        words = ("--rules", str(rules_file), "--samples", str(samples_file), "--json")
        command = [sys.executable, "-B", "-m", module, *words]
        try:
            ran = subprocess.run(
                command, cwd=clone, capture_output=True, text=True, timeout=WITHIN_S, check=False
            )
            return float(json.loads(ran.stdout)["accuracy"])
        except (ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
            raise NotMeasured(f"{module} gave no figure: {type(error).__name__}") from None


def _line(sample: Sample) -> str:
    traits = sample.traits
    return json.dumps(
        {
            "label": sample.label,
            "metric": traits.metric,
            "direction": traits.direction,
            "ratio": traits.ratio,
            "minutes": traits.minutes,
            "peak_z": traits.peak_z,
            "level": traits.level,
        }
    )

"""Classification of findings by a rules file, and the reading of that file.

Deciding is pure; `load` reads the file. The first rule whose conditions all hold names the class, else the default
does. Promise: an unknown key, class or value, and a key given twice, is a `RulesError` that says what and where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from tenants.agents.telemetry_analyzer.model import Direction, Traits

CLASSES = ("latency-regression", "error-burst", "traffic-drop", "saturation", "noise")
METRICS = ("latency_ms", "errors", "requests", "cpu_percent")
_LIMITS = ("min_ratio", "max_ratio", "min_minutes", "min_z", "min_level")


class RulesError(Exception):
    """The rules file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its class, and conditions that must all hold; None and "" leave a condition open."""

    name: str
    metric: str
    direction: str
    limits: Mapping[str, float]

    def holds(self, traits: Traits) -> bool:
        """Say whether every condition holds."""
        measured = {
            "min_ratio": traits.ratio,
            "max_ratio": traits.ratio,
            "min_minutes": traits.minutes,
            "min_z": traits.peak_z,
            "min_level": traits.level,
        }
        return (
            self.metric in ("", traits.metric)
            and self.direction in ("", traits.direction)
            and all(
                measured[name] <= limit if name == "max_ratio" else measured[name] >= limit
                for name, limit in self.limits.items()
            )
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """A checked rules file."""

    default: str
    rules: tuple[Rule, ...]


def classify(rules: Rules, traits: Traits) -> str:
    """Return the class of a finding."""
    for rule in rules.rules:
        if rule.holds(traits):
            return rule.name
    return rules.default


def load(path: Path) -> Rules:
    """Read and check a rules file; raises RulesError."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise RulesError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise RulesError(f"{path} is not proper YAML: {error}") from error
    try:
        return read(document)
    except RulesError as error:
        raise RulesError(f"{path}: {error}") from None


def read(document: Any) -> Rules:
    """Check a rules document: version, default, rules; raises RulesError."""
    table = _table(document, "the file", {"version", "default", "rules"})
    if table.get("version") != 1:
        raise RulesError("version must be 1")
    listed = table.get("rules")
    if not isinstance(listed, list):
        raise RulesError("rules must be a list")
    rules = tuple(_rule(entry, f"rules[{index}]") for index, entry in enumerate(listed))
    return Rules(_one_of(table.get("default"), CLASSES, "default"), rules)


def _rule(entry: Any, where: str) -> Rule:
    table = _table(entry, where, {"class", "when"})
    when = _table(table.get("when"), f"{where}.when", {"metric", "direction", *_LIMITS})
    if not when:
        raise RulesError(f"{where}.when is empty: a rule without a condition would take everything")
    return Rule(
        name=_one_of(table.get("class"), CLASSES, f"{where}.class"),
        metric=_one_of(when["metric"], METRICS, f"{where}.when.metric") if "metric" in when else "",
        direction=_one_of(when["direction"], get_args(Direction), f"{where}.when.direction")
        if "direction" in when
        else "",
        limits={name: _number(when[name], f"{where}.when.{name}") for name in _LIMITS if name in when},
    )


def _table(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RulesError(f"{where} must be a mapping of {', '.join(sorted(known))}")
    for key in value:
        if key not in known:
            raise RulesError(f"{where} has the unknown key {key!r}; known are {', '.join(sorted(known))}")
    return value


def _one_of(value: Any, known: tuple[str, ...], where: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise RulesError(f"{where} is {value!r}; it must be one of {', '.join(known)}")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RulesError(f"{where} is {value!r}; it must be a number")
    return float(value)


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice: YAML itself would keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str) or key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice or is no text", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

"""Semgrep rules as one document: those that ship in `checks/rules`, and a repository's own as its base has them.

A file of rules that cannot be read stops the check and is named; rules are never left out in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).resolve().with_name("rules")
SUFFIXES = (".yaml", ".yml")


class RulesInvalid(Exception):
    """A file of rules that cannot be used; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The document that semgrep is given."""

    document: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many rules there are."""
        return len(self.document["rules"])


def gather_rules(own: Mapping[str, bytes]) -> Rules:
    """The shipped rules and `own`, a repository's files by path. Raises `RulesInvalid`."""
    shipped = {path.name: path.read_bytes() for path in sorted(SHIPPED.glob("*.yaml"))}
    rules = [rule for name, content in shipped.items() for rule in _rules(name, content)]
    rules += [rule for name, content in sorted(own.items()) for rule in _rules(name, content)]
    names = [rule["id"] for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RulesInvalid(f"two rules are called {twice[0]}: give each an id of its own")
    return Rules({"rules": rules})


def _rules(name: str, content: bytes) -> list[dict[str, Any]]:
    try:
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        raise RulesInvalid(f"{name} is not YAML: {' '.join(str(error).split())}") from None
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not rules:
        raise RulesInvalid(f"{name} holds no list of rules below `rules:`")
    for rule in rules:
        if not isinstance(rule, dict) or not isinstance(rule.get("id"), str):
            raise RulesInvalid(f"{name} holds a rule without an id")
    return rules

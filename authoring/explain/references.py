"""What a Rego module refers to, from OPA's own syntax tree; pure.

A reference begins at `input` or `data`. A part of it that only evaluation knows, a variable, ends what can be said.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reference:
    """`input.body_bytes`, or `data.compiled.roles[input.role]`: parts are names or references of their own."""

    root: str
    parts: tuple["str | Reference", ...]
    open: bool = False
    """Whether it goes on with something that only evaluation knows."""

    def __str__(self) -> str:
        return (
            self.root
            + "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in self.parts)
            + ("[…]" if self.open else "")
        )

    def rule_in(self, rules: Container[tuple[str, ...]]) -> tuple[str, ...] | None:
        """The rule that it leads to, if it is about one."""
        if self.root != "data":
            return None
        names = []
        for part in self.parts:
            if not isinstance(part, str):
                break
            names.append(part)
            if tuple(names) in rules:
                return tuple(names)
        return None


@dataclass(frozen=True, slots=True)
class Module:
    """One file of Rego: its package, and what each of its rules refers to."""

    package: tuple[str, ...]
    rules: Mapping[str, Sequence[Reference]]


@dataclass(frozen=True, slots=True)
class _Scope:
    package: tuple[str, ...]
    imports: Mapping[str, tuple[str, ...]]
    local: frozenset[str] = field(default=frozenset())


def read_module(tree: Mapping[str, Any]) -> Module:
    """The module of a syntax tree as `rego.parse_module` gives it."""
    package = tuple(str(part["value"]) for part in tree["package"]["path"][1:])
    imports = dict(_imports(tree.get("imports", ())))
    names = [_name_of(rule["head"]) for rule in tree.get("rules", ())]
    scope = _Scope(package, imports, frozenset(names))
    rules: dict[str, list[Reference]] = {name: [] for name in names}
    for rule in tree.get("rules", ()):
        found = rules[_name_of(rule["head"])]
        while rule is not None:
            inner = {"head": {**rule["head"], "ref": [], "name": ""}, "body": rule.get("body")}
            found.extend(_references(inner, scope))
            rule = rule.get("else")  # noqa: PLW2901 - the branches of one rule are read one after the other
    return Module(package, rules)


def _name_of(head: Mapping[str, Any]) -> str:
    return str(head["ref"][0]["value"]) if head.get("ref") else str(head.get("name", ""))


def _imports(imports: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in imports:
        parts = [str(part["value"]) for part in one["path"]["value"]]
        if parts[0] == "data":
            yield one.get("alias") or parts[-1], tuple(parts[1:])


def _references(tree: Any, scope: _Scope) -> Iterator[Reference]:
    if isinstance(tree, list):
        if _gets_from_input(tree):
            yield Reference("input", (str(tree[2]["value"]),))
        for each in tree:
            yield from _references(each, scope)
    elif isinstance(tree, dict):
        if tree.get("type") == "ref":
            yield from _of_ref(tree["value"], scope)
        elif tree.get("type") == "var" and tree.get("value") in scope.local:
            yield Reference("data", (*scope.package, str(tree["value"])))
        else:
            for each in tree.values():
                yield from _references(each, scope)


def _of_ref(parts: Sequence[Mapping[str, Any]], scope: _Scope) -> Iterator[Reference]:
    whole = _reference(parts, scope)
    if whole is not None and whole.parts:
        yield whole
    for part in parts[1:]:
        yield from _references(part, scope)


def _reference(parts: Sequence[Mapping[str, Any]], scope: _Scope) -> Reference | None:
    first = str(parts[0].get("value"))
    names: list[str | Reference]
    if first in {"input", "data"}:
        root, names = first, []
    elif first in scope.local:
        root, names = "data", [*scope.package, first]
    elif first in scope.imports:
        root, names = "data", [*scope.imports[first]]
    else:
        return None
    for part in parts[1:]:
        if part["type"] == "string":
            names.append(str(part["value"]))
            continue
        inner = _reference(part["value"], scope) if part["type"] == "ref" else None
        if inner is None or inner.root != "input" or inner.open:
            return Reference(root, tuple(names), open=True)
        names.append(inner)
    return Reference(root, tuple(names))


def _gets_from_input(call: Sequence[Any]) -> bool:
    """Whether this is `object.get(input, "name", …)`, which reads a fact that may be missing."""
    match call:
        case [
            {"type": "ref", "value": [{"value": "object"}, {"value": "get"}]},
            {"value": "input" | [{"value": "input"}]},
            {"type": "string"},
            *_,
        ]:
            return True
        case _:
            return False

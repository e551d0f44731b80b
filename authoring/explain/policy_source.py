"""What a kept bundle says: its Rego with METADATA and lines, which facts each rule looks at, and its data; read once.

OPA itself parses the Rego. Nothing is evaluated here. A fact that a rule reaches through other rules counts as its own.
"""

import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from authoring.explain.references import Module, Reference, read_module

_PARSE: Final = "{name: rego.parse_module(name, text) | some name, text in input}"
_WITHIN_S: Final = 30


class SourceUnreadable(Exception):
    """The bundle is no bundle, or OPA does not read what is in it."""


@dataclass(frozen=True, slots=True)
class Title:
    """What METADATA says of a rule, and where the rule stands."""

    file: str
    line: int
    title: str = ""
    code: str = ""
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class PolicySource:
    """One revision of the policies as text and data."""

    files: Mapping[str, str]
    """Rego by its path in the policies folder."""
    data: Mapping[str, Any]
    titles: Mapping[tuple[str, ...], Title]
    """By the path of the rule, without `data`."""
    modules: Mapping[str, Module] = field(repr=False)

    def condition(self, file: str, line: int, column: int) -> str:
        """The condition that begins there, in one line; the whole line where it does not end with it."""
        lines = self.files.get(file, "").splitlines()
        if not 0 < line <= len(lines):
            return ""
        rest = lines[line - 1][column - 1 :].strip()
        whole = all(rest.count(opened) == rest.count(closed) for opened, closed in ("()", "[]", "{}"))
        return rest if whole else lines[line - 1].strip()

    def title_of(self, rule: tuple[str, ...]) -> Title:
        """What is known of a rule; one without METADATA has its place alone."""
        if rule in self.titles:
            return self.titles[rule]
        for name, module in self.modules.items():
            if module.package == rule[:-1]:
                return Title(name, _line_of(self.files[name], rule[-1]))
        return Title("", 0)

    def looked_at(self, rule: tuple[str, ...]) -> tuple[Reference, ...]:
        """The facts and tables that a rule looks at, its helpers' included, in order and each once."""
        by_rule: dict[tuple[str, ...], list[Reference]] = {}
        for module in self.modules.values():
            for name, references in module.rules.items():
                by_rule.setdefault((*module.package, name), []).extend(references)
        return tuple(sorted(set(_reached(by_rule, rule, set())), key=str))


def read_source(bundle: Path, opa: Path) -> PolicySource:
    """Read a bundle. Raises `SourceUnreadable`."""
    files, data = _unpack(bundle)
    answer = _opa([str(opa), "eval", "--stdin-input", "--format", "json", _PARSE], msgspec.json.encode(files))
    try:
        parsed = answer["result"][0]["expressions"][0]["value"]
        modules = {name: read_module(module) for name, module in parsed.items()}
    except (LookupError, TypeError) as error:
        raise SourceUnreadable(f"OPA does not read the Rego in {bundle.name}") from error
    inspected = _opa([str(opa), "inspect", "--annotations", "--format", "json", str(bundle)])
    return PolicySource(files, data, dict(_titles(inspected.get("annotations", []))), modules)


def _unpack(bundle: Path) -> tuple[dict[str, str], dict[str, Any]]:
    files: dict[str, str] = {}
    data: dict[str, Any] = {}
    try:
        with tarfile.open(bundle) as archive:
            for member in archive:
                content = archive.extractfile(member)
                name = member.name.lstrip("/")
                if content is not None and name.endswith(".rego"):
                    files[name] = content.read().decode()
                elif content is not None and name == "data.json":
                    data = msgspec.json.decode(content.read(), type=dict[str, Any])
    except (OSError, tarfile.TarError, UnicodeDecodeError, msgspec.DecodeError, EOFError) as error:
        raise SourceUnreadable(f"{bundle} cannot be read: {error}") from error
    return files, data


def _opa(argv: list[str], given: bytes = b"") -> dict[str, Any]:
    try:
        done = subprocess.run(argv, input=given, capture_output=True, timeout=_WITHIN_S, check=True)
        return msgspec.json.decode(done.stdout, type=dict[str, Any])
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise SourceUnreadable(f"OPA does not read the bundle: {error}") from error


def _titles(annotated: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, ...], Title]]:
    for one in annotated:
        said, place = one["annotations"], one["location"]
        custom = said.get("custom", {})
        path = tuple(str(part["value"]) for part in one["path"][1:])
        yield (
            path,
            Title(
                file=place["file"].lstrip("/"),
                line=place["row"],
                title=said.get("title", ""),
                code=custom.get("code", ""),
                message=custom.get("message", ""),
                remedy=custom.get("remedy", ""),
            ),
        )


def _line_of(text: str, name: str) -> int:
    """Where a rule begins: `opa fmt` puts every head at the beginning of its line."""
    heads = (f"{name} ", f"default {name} ", f"{name}[", f"{name}(")
    return next((at for at, line in enumerate(text.splitlines(), 1) if line.startswith(heads)), 1)


def _reached(
    by_rule: Mapping[tuple[str, ...], list[Reference]], rule: tuple[str, ...], seen: set[tuple[str, ...]]
) -> Iterator[Reference]:
    if rule in seen:
        return
    seen.add(rule)
    for reference in by_rule.get(rule, ()):
        called = reference.rule_in(by_rule)
        if called is None:
            yield reference
        else:
            yield from _reached(by_rule, called, seen)

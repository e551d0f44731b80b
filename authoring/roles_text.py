"""Changes to the text of a `roles.yaml` that leave everything else of it as it stands, comments and layout too; pure.

Where each value stands is told by the YAML parser. Every edit is proven: the new text is read again and must say
exactly what was meant, or there is none.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from decision.yaml_source import ConfigErrors, read_yaml

_BEFORE_LIMITS = ("agent", "services", "actions", "data")
"""The keys that stand first in a role; a new one of them is put behind those that are there."""
_FILE = "roles.yaml"


class CannotEdit(Exception):
    """The text is laid out in a way in which this edit cannot be made; the text says what."""


@dataclass(frozen=True, slots=True)
class _Splice:
    """What stands between two places of the text is replaced."""

    start: int
    end: int
    text: str


def without_words(text: str, role: str, key: str, words: Iterable[str]) -> str:
    """The text with these words taken out of one list of a role; an emptied list goes with its key."""
    unwanted = set(words)

    def meant(entry: dict[str, Any]) -> None:
        entry[key] = [word for word in entry[key] if word not in unwanted]
        if not entry[key]:
            del entry[key]

    page = _Page.of(text)
    items = page.list_of(role, key)
    keep = [item for item in items.value if item.value not in unwanted]
    splices = page.without_items(items, unwanted) if keep else page.without_key(role, key)
    return _proven(text, splices, role, meant)


def with_word(text: str, role: str, key: str, word: str) -> str:
    """The text with one word more at the end of a list of a role; the list is made where there is none."""

    def meant(entry: dict[str, Any]) -> None:
        entry[key] = [*entry.get(key, ()), word]

    page = _Page.of(text)
    has = any(name.value == key for name, _ in page.role(role).value)
    splices = [
        page.with_item(page.list_of(role, key), word) if has else page.with_key(role, f"{key}: [{word}]", key)
    ]
    return _proven(text, splices, role, meant)


def with_limit(text: str, role: str, limit: str, value: int) -> str:
    """The text with another value of a limit that the role has."""

    def meant(entry: dict[str, Any]) -> None:
        entry["limits"][limit] = value

    page = _Page.of(text)
    node = _value(_value(page.role(role), "limits"), limit)
    return _proven(text, [page.over(node, node, str(value))], role, meant)


def unified(old: str, new: str, file: str = _FILE) -> str:
    """The difference as `git apply` and people read it; empty where there is none."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{file}", f"b/{file}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _proven(text: str, splices: Sequence[_Splice], role: str, meant: Callable[[dict[str, Any]], None]) -> str:
    """The text after all splices, if it says what was meant and nothing else."""
    new = text
    for splice in sorted(splices, key=lambda each: each.start, reverse=True):
        new = new[: splice.start] + splice.text + new[splice.end :]
    wanted: Any = read_yaml(_FILE, text).value
    meant(wanted["roles"][role])
    try:
        said = read_yaml(_FILE, new).value
    except ConfigErrors as errors:
        raise CannotEdit(
            f"the role {role} is laid out so that it cannot be edited in place: {errors}"
        ) from None
    if said != wanted:
        raise CannotEdit(f"the role {role} is laid out so that it cannot be edited in place")
    return new


@dataclass(frozen=True, slots=True)
class _Page:
    """A text that `read_yaml` takes, with its nodes."""

    text: str
    root: yaml.MappingNode
    starts: tuple[int, ...]
    """Where each line begins."""

    @classmethod
    def of(cls, text: str) -> "_Page":
        """Raises `ConfigErrors` for a text that is not plain YAML, `CannotEdit` for one that is no mapping."""
        read_yaml(_FILE, text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise CannotEdit("there are no roles in it")
        starts = [0]
        for line in text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return cls(text, root, tuple(starts))

    def role(self, role: str) -> yaml.MappingNode:
        """The mapping of one role."""
        return _mapping(_value(_mapping(_value(self.root, "roles")), role))

    def list_of(self, role: str, key: str) -> yaml.SequenceNode:
        """One list of a role."""
        node = _value(self.role(role), key)
        if not isinstance(node, yaml.SequenceNode):
            raise CannotEdit(f"{key} of the role {role} is no list")
        return node

    def over(self, first: yaml.Node, last: yaml.Node, text: str) -> _Splice:
        """From the beginning of one node to the end of another."""
        return _Splice(self._start(first), self._end(last), text)

    def without_items(self, items: yaml.SequenceNode, unwanted: set[str]) -> list[_Splice]:
        """Some items taken out, not all."""
        gone = [item.value in unwanted for item in items.value]
        spans = [(item, item) for item in items.value]
        return self._cut(spans, gone) if items.flow_style else self._cut_lines(spans, gone)

    def without_key(self, role: str, key: str) -> list[_Splice]:
        """One key of a role taken out with its value; it is not the only one."""
        node = self.role(role)
        gone = [name.value == key for name, _ in node.value]
        return self._cut(node.value, gone) if node.flow_style else self._cut_lines(node.value, gone)

    def with_item(self, items: yaml.SequenceNode, word: str) -> _Splice:
        """One item more at the end of a list that is not empty."""
        last = items.value[-1]
        if items.flow_style:
            return _Splice(self._end(last), self._end(last), f", {word}")
        dash = self.text.rindex("-", 0, self._start(last))
        indent = self.text[self._line_start(last) : dash]
        return self._line_behind(last, f"{indent}- {word}")

    def with_key(self, role: str, line: str, key: str) -> _Splice:
        """One key more in a role, before its limits."""
        node = self.role(role)
        before = _BEFORE_LIMITS[: _BEFORE_LIMITS.index(key)]
        ahead = [value for name, value in node.value if name.value in before]
        if not node.value:
            return self.over(node, node, f"{{ {line} }}")
        first = node.value[0][0]
        if node.flow_style:
            at = self._end(ahead[-1]) if ahead else self._start(first)
            return _Splice(at, at, f", {line}" if ahead else f"{line}, ")
        indent = " " * first.start_mark.column
        if ahead:
            return self._line_behind(ahead[-1], indent + line)
        at = self._line_start(first)
        return _Splice(at, at, f"{indent}{line}\n")

    def _cut(self, spans: Sequence[tuple[yaml.Node, yaml.Node]], gone: Sequence[bool]) -> list[_Splice]:
        """Some of the parts of a flow collection, each from its first node to its last, with the commas beside them."""
        kept = [place for place, unwanted in enumerate(gone) if not unwanted]
        splices = [
            _Splice(self._start(spans[place][0]), self._start(spans[place + 1][0]), "")
            for place in range(kept[-1])
            if gone[place]
        ]
        if kept[-1] + 1 < len(spans):
            splices.append(_Splice(self._end(spans[kept[-1]][1]), self._end(spans[-1][1]), ""))
        return splices

    def _cut_lines(self, spans: Sequence[tuple[yaml.Node, yaml.Node]], gone: Sequence[bool]) -> list[_Splice]:
        """Some of the parts of a block collection, with all of their lines."""
        return [
            _Splice(self._line_start(first), self._line_end(last), "")
            for (first, last), unwanted in zip(spans, gone, strict=True)
            if unwanted
        ]

    def _line_behind(self, node: yaml.Node, line: str) -> _Splice:
        at = self._line_end(node)
        newline = "" if self.text[:at].endswith("\n") else "\n"
        return _Splice(at, at, f"{newline}{line}\n")

    def _line_start(self, node: yaml.Node) -> int:
        return self.starts[node.start_mark.line]

    def _line_end(self, node: yaml.Node) -> int:
        return self.starts[min(_last(node).end_mark.line + 1, len(self.starts) - 1)]

    def _start(self, node: yaml.Node) -> int:
        return self.starts[node.start_mark.line] + node.start_mark.column

    def _end(self, node: yaml.Node) -> int:
        last = _last(node)
        return self.starts[last.end_mark.line] + last.end_mark.column


def _last(node: yaml.Node) -> yaml.Node:
    """The node whose end is where this one's text ends: a block collection's own mark stands behind what follows."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last(last[1] if isinstance(last, tuple) else last)
    return node


def _mapping(node: yaml.Node) -> yaml.MappingNode:
    if not isinstance(node, yaml.MappingNode):
        raise CannotEdit("a role is no mapping")
    return node


def _value(node: yaml.Node, key: str) -> yaml.Node:
    for name, value in _mapping(node).value:
        if name.value == key:
            found: yaml.Node = value
            return found
    raise CannotEdit(f"there is no {key}")

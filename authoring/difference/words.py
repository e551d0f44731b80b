"""The constants that stand in Rego which two policies do not share: values that a search should try; pure.

A rule that looks for one path or one hour is found only by a question that names it, and the rule itself names it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST = 24
"""Of each kind; the rest is left out, and the search says how far it went by the number of its questions."""

_STRING = re.compile(r'"((?:[^"\\\n]|\\.){0,200})"|`([^`]{0,200})`')
_NUMBER = re.compile(r"(?<![\w.])(\d{1,15})(?![\w.])")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Words:
    """What the text names."""

    texts: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    """Each with its neighbours."""


def words_between(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Words:
    """The constants of all files that are not the same in both."""
    changed = {name for name in {**old, **new} if old.get(name) != new.get(name)}
    bodies = [_body(files[name]) for files in (new, old) for name in sorted(changed) if name in files]
    texts = dict.fromkeys(
        found for body in bodies for match in _STRING.finditer(body) for found in match.groups() if found
    )
    numbers = dict.fromkeys(
        int(found) + step for body in bodies for found in _NUMBER.findall(body) for step in (0, 1, -1)
    )
    return Words(tuple(texts)[:MOST], tuple(number for number in numbers if number >= 0)[: 3 * MOST])


def _body(content: bytes) -> str:
    return _COMMENT.sub("", content.decode("utf-8", "replace"))

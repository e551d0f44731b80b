"""The corpus as it is read from its table: one row, one change, and what is true of it.

A row with `each` stands for one row for each of its values: `{}` in its texts is the value. Paths and texts are
percent-decoded, so that any byte can be written.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
import yaml

_LONG = re.compile(r"LONG\((\d+),([^)]*)\)")
TABLE = Path(__file__).with_name("corpus.yaml")


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One commit. Its files are its first parent's, changed by `drop`, then `put`, then `raw`."""

    label: str = ""
    parents: tuple[str, ...] | None = None
    """Labels; the commit before (for the first one: base) where none are named."""
    tree_of: str = ""
    put: dict[str, str | None] = {}
    """`[MODE ]path: content`; no content is a link to a commit of another repository. `folder/` is an empty folder."""
    drop: tuple[str, ...] = ()
    raw: dict[str, tuple[tuple[str, str, str], ...]] = {}
    """Folder: its entries (mode, name, what) in this order; what: `=ID`, `/` (an empty folder) or a content."""
    cut: str = ""
    """Bytes put behind the entries of the root."""
    author: str = "Agent <agent@example.org>"
    committer: str = "Agent <agent@example.org>"
    message: str = "A change\n"
    headers: str = ""
    """Lines after the committer, each with its newline."""
    whole: str = ""
    """All of the commit, where it is to be written otherwise; `TREE` and `PARENT` stand for ids."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change: how it is made, what git says of it, and what becomes of it."""

    name: str
    group: str = ""
    base: Step = Step()
    """What this row's base has beyond the ordinary one."""
    side: dict[str, Step] = {}
    """More commits that base reaches, by label; their parent is base's own."""
    base_is: str = "base"
    steps: tuple[Step, ...] = (Step(put={"src/app.py": "print('other')\n"}),)
    head: str = ""
    """A label, an id, or `blob`, `tree`; the last step where none is named."""
    updates: tuple[tuple[str, str, str], ...] | None = None
    """Refs: name, old, new, by label; the branch of the workflow is created where none are named."""
    repository: dict[str, str] = {}
    """Files in the repository's git folder: name to content, in which labels in braces stand for ids."""
    spoil: str = ""
    irregular: tuple[str, ...] = ()
    """All of them: `kind path`."""
    files: tuple[str, ...] | None = None
    """All of them, `change path`, where the row's trees are not ordinary."""
    touched: tuple[str, ...] | None = None
    facts: dict[str, Any] = {}
    """Single facts: path into the facts to its value."""
    fault: str = ""
    denied: tuple[str, ...] = ()
    """Codes that the denial has, at least; allowed where there are none and no fault."""
    near: str = ""
    """The row that is as near as can be and harmless."""


def rows(table: Path = TABLE) -> list[Row]:
    """Every row, `each` spelled out. Raises for a table that is not one."""
    table_of = yaml.safe_load(table.read_text(encoding="utf-8"))
    given = ((group, one, one.pop("each", [None])) for group, some in table_of.items() for one in some)
    return [
        msgspec.convert({"group": group, **_with(one, value)}, Row)
        for group, one, values in given
        for value in values
    ]


def raw(text: str) -> bytes:
    """The bytes that a text of the table means. `LONG(n,text)` in it is the text n times."""
    return unquote_to_bytes(_LONG.sub(lambda found: found[2] * int(found[1]), text))


def _with(given: Any, value: object) -> Any:
    if value is None:
        return given
    match given:
        case str():
            return given.replace("{}", str(value))
        case list():
            return [_with(each, value) for each in given]
        case dict():
            return {_with(key, value): _with(each, value) for key, each in given.items()}
        case _:
            return given

"""Is this document of an agent what its type says? JSON Schema by type; a user adds a type by adding a schema.

The type is a field of the document and names a file; nothing else in a document chooses its schema, and no schema
is fetched from anywhere. All errors are found at once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

SHIPPED = Path(__file__).resolve().with_name("schemas")
MAX_BYTES = 4 * 2**20
MAX_DEPTH = 64
_MOST_ERRORS = 50
_SHOWN = 120
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class OutputError:
    """One thing that is wrong: where (a JSON pointer, RFC 6901), what, and what to do."""

    pointer: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a document from outside it: its type, and fields that the address says which it is sent to.

    The document may say the same once more, and may not say otherwise.
    """

    type: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    change: str = ""
    """The change that the document is about, as a diff; no schema looks at it."""


NOTHING_SAID = Said()


class SchemaInvalid(Exception):
    """A schema that a user added cannot be used; the text names the file."""


class OutputSchemas:
    """The types that there are. Made once; `check` touches no file."""

    def __init__(self, *folders: Path) -> None:
        """Read the shipped schemas and those of `folders`, which may not redefine one. Raises `SchemaInvalid`."""
        self._validators: dict[str, Draft202012Validator] = {}
        self._places: dict[str, frozenset[str]] = {}
        """The fields that documents of a type have a place for."""
        for folder in (SHIPPED, *folders):
            for path in sorted(folder.glob("*.json")):
                self._add(path)

    @property
    def types(self) -> tuple[str, ...]:
        """The names of all types."""
        return tuple(sorted(self._validators))

    def check(self, document: bytes, said: Said = NOTHING_SAID) -> tuple[OutputError, ...]:
        """All that is wrong with a document; empty where it is what its type says."""
        if len(document) > MAX_BYTES:
            return (
                OutputError("", f"The document has {len(document)} bytes.", f"At most {MAX_BYTES} are read."),
            )
        try:
            value = json.loads(document, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            return (OutputError("", f"The document is not JSON: {error}.", "Send one JSON object in UTF-8."),)
        if _depth(value) > MAX_DEPTH:
            return (
                OutputError("", "The document is nested too deep.", f"At most {MAX_DEPTH} levels are read."),
            )
        if isinstance(value, dict):
            against = tuple(_contradictions(value, said))
            if against:
                return against
            value = self._completed(value, said)
        name = value.get("type") if isinstance(value, dict) else None
        if not isinstance(name, str) or name not in self._validators:
            known = ", ".join(self.types)
            return (OutputError("/type", f"{_shown(name)} is no type of document.", f"Use one of: {known}."),)
        return tuple(_errors(self._validators[name], value))[:_MOST_ERRORS]

    def _completed(self, value: dict[str, Any], said: Said) -> dict[str, Any]:
        """The document with what is known from outside it, as far as its type has a place for that."""
        if not said.type:
            return value
        places = self._places.get(said.type, frozenset())
        known = {name: text for name, text in said.fields.items() if name in places}
        return {"type": said.type, **known, **value}

    def _add(self, path: Path) -> None:
        if not _NAME.fullmatch(path.stem):
            raise SchemaInvalid(f"{path}: a type's name is small letters, digits and dashes")
        if path.stem in self._validators:
            raise SchemaInvalid(f"{path}: the type {path.stem} is there already; give yours another name")
        try:
            schema = json.loads(path.read_bytes())
            Draft202012Validator.check_schema(schema)
        except (OSError, ValueError, SchemaError) as error:
            raise SchemaInvalid(f"{path}: {error}") from None
        # An empty registry: a reference to anywhere else fails and fetches nothing.
        self._validators[path.stem] = Draft202012Validator(schema, registry=Registry())
        self._places[path.stem] = frozenset(schema.get("properties", {}) if isinstance(schema, dict) else ())


def _contradictions(value: dict[str, Any], said: Said) -> Iterator[OutputError]:
    for name, text in {"type": said.type, **said.fields}.items():
        if text and name in value and value[name] != text:
            yield OutputError(
                f"/{name}", f"{_shown(value[name])} is not what was asked.", f"Say {text}, or leave it out."
            )


def _errors(validator: Draft202012Validator, value: Any) -> Iterator[OutputError]:
    try:
        found = sorted(
            validator.iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path]
        )
    except Unresolvable as missing:
        yield OutputError(
            "", f"The schema points to something that is not there: {missing}.", "Mend the schema."
        )
        return
    for error in found:
        yield OutputError(_pointer(error), _message(error), f"The schema says: {_rule(error)}.")


def _pointer(error: ValidationError) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in error.absolute_path)
    return "".join(f"/{step}" for step in steps)


def _message(error: ValidationError) -> str:
    # The library's own sentence repeats the value, which may be long or steer a terminal.
    if error.validator in {"required", "additionalProperties"}:
        return _shown(error.message)
    return f"{_shown(error.instance)} does not fit."


def _rule(error: ValidationError) -> str:
    return f"{error.validator} {_shown(error.validator_value)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands in one object twice")
    return made


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
    return depth

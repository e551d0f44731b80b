"""Reads YAML configuration so that nothing in it is guessed, and remembers where every value stands.

Plain YAML only: no duplicate keys, anchors, aliases, tags or second documents, and no word that YAML 1.1
and 1.2 read differently. All errors of a text are found together. Knows nothing of roles or services.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Where: TypeAlias = tuple[str | int, ...]
"""The way to a value from the root: keys and list places."""

MAX_CHARACTERS = 1_048_576
MAX_DEPTH = 20
MAX_DIGITS = 18
"""What fits in 64 bits, whatever the digits; a longer number would stay text and fail as such."""

_START = (1, 1)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Json] = {"": None, "null": None, "~": None, "true": True, "false": False}
_TWO_MEANINGS = re.compile(
    r"""(?ix) y | yes | n | no | on | off | true | false | null      # other spellings of booleans and null
      | [-+]?(?: 0[0-9_]+ | 0[xob][0-9a-f_]+ | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9]*)? )  # octal, hex, base 60
      | [-+]?[0-9][0-9_]*_[0-9_]* | \+[0-9.]+ | [-+]?\.[0-9]+ | [0-9]+\.
      | [-+]?[0-9]+e[-+]?[0-9]+ | [-+]?\.inf | \.nan | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.* | = | <<"""
)


@dataclass(frozen=True, slots=True, order=True)
class ConfigError:
    """One thing that is wrong in a configuration file, and where; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigErrors(Exception):
    """A configuration that does not load. `errors` holds everything that was found, in order, at least one."""

    def __init__(self, errors: Iterator[ConfigError] | tuple[ConfigError, ...] | list[ConfigError]) -> None:
        self.errors = tuple(sorted(errors))
        super().__init__("\n".join(map(str, self.errors)))


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A configuration file as read: its value, and the position of every value and every key in it."""

    file: str
    value: Json
    values_at: Mapping[Where, tuple[int, int]]
    keys_at: Mapping[Where, tuple[int, int]]

    def error_at(self, where: Where, message: str, *, key: bool = False) -> ConfigError:
        """An error about the value at `where`, or about its key; about the nearest parent if it is absent."""
        first, second = (self.keys_at, self.values_at) if key else (self.values_at, self.keys_at)
        position = first.get(where) or second.get(where)
        while position is None and where:
            where = where[:-1]
            position = self.keys_at.get(where) or self.values_at.get(where)
        line, column = position or _START
        return ConfigError(self.file, line, column, message)


def read_yaml(file: str, text: str) -> YamlDocument:
    """The one plain YAML document in `text`.

    Promises: what is returned is JSON-like, with string keys only, and was written in one way only.
    Raises: `ConfigErrors` with every construct that is refused, or with the first syntax error.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigErrors((ConfigError(file, 1, 1, f"longer than {MAX_CHARACTERS} characters"),))
    builder = _Builder(file, yaml.parse(text, Loader=yaml.CSafeLoader))
    try:
        value = builder.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else _START
        builder.errors.append(ConfigError(file, line, column, f"not YAML: {error.problem or error.context}"))
    except yaml.YAMLError as error:
        builder.errors.append(ConfigError(file, 1, 1, f"not YAML: {error}"))
    if builder.errors:
        raise ConfigErrors(builder.errors)
    return YamlDocument(file, value, builder.values_at, builder.keys_at)


@dataclass(slots=True)
class _Builder:
    """Turns the parser's events into a value; `errors` collects what is refused on the way."""

    file: str
    events: Iterator[yaml.Event]
    errors: list[ConfigError] = field(default_factory=list)
    values_at: dict[Where, tuple[int, int]] = field(default_factory=dict)
    keys_at: dict[Where, tuple[int, int]] = field(default_factory=dict)

    def document(self) -> Json:
        value: Json = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document; write one document in a file")
                value = self._value(next(self.events), ())
        return value

    def _value(self, event: yaml.Event, where: Where) -> Json:
        self.values_at.setdefault(where, _position(event))
        if len(where) > MAX_DEPTH:
            raise yaml.YAMLError(f"nested deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "an alias (*); write the value out")
            return None
        self._check_plain(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(where)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(where)
        assert isinstance(event, yaml.ScalarEvent)
        return self._scalar(event)

    def _check_plain(self, event: yaml.Event) -> None:
        if getattr(event, "anchor", None):
            self._refuse(event, "an anchor (&); write the value out where it is needed")
        if getattr(event, "tag", None):
            self._refuse(event, "a tag (!); only plain values are read")

    def _sequence(self, where: Where) -> Json:
        values: list[Json] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._value(event, (*where, len(values))))
        return values

    def _mapping(self, where: Where) -> Json:
        values: dict[str, Json] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            name = self._key(event, where)
            place = (*where, name)
            if name in values:
                first = self.keys_at[place][0]
                self._refuse(
                    event, f"the key {name!r} stands here a second time; it is already on line {first}"
                )
            else:
                self.keys_at[place] = _position(event)
            values.setdefault(name, None)
            values[name] = self._value(next(self.events), place)
        return values

    def _key(self, event: yaml.Event, where: Where) -> str:
        value = self._value(event, (*where, "(key)"))
        if isinstance(value, str):
            return value
        if not isinstance(event, yaml.AliasEvent):
            self._refuse(event, "a key that is not text; put it in quotes")
        return f"(key at {_position(event)})"

    def _scalar(self, event: yaml.ScalarEvent) -> Json:
        text = event.value
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text) and len(text) <= MAX_DIGITS:
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _TWO_MEANINGS.fullmatch(text):
            self._refuse(
                event, f"{text!r} has two meanings in YAML; write true or false, a decimal number, or quotes"
            )
        return text

    def _refuse(self, event: yaml.Event, message: str) -> None:
        self.errors.append(ConfigError(self.file, *_position(event), message))


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None, "every event of a text has a place"
    return mark.line + 1, mark.column + 1

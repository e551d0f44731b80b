"""Checks a YAML document against a pydantic model, and says each error in words, with its place.

The one place that turns pydantic's errors into ours. Knows no role and no service; reads no file.
"""

import difflib
import json
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from decision.yaml_source import ConfigError, ConfigErrors, Where, YamlDocument

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""A name of ours: roles, services, routes, actions, data classes, credentials."""


def _check_no_duplicates(words: tuple[str, ...]) -> tuple[str, ...]:
    for place, word in enumerate(words):
        if word in words[:place]:
            raise ValueError(f"{word!r} stands here twice")
    return words


Names = Annotated[tuple[Name, ...], AfterValidator(_check_no_duplicates)]
"""Several of them, each once."""


class Strict(BaseModel):
    """What every configuration model is: frozen, exact about types, and closed to unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


_Model = TypeVar("_Model", bound=Strict)

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
}


def validate(document: YamlDocument, model: type[_Model]) -> _Model:
    """The document as `model`. Raises `ConfigErrors` with all that is wrong in it."""
    try:
        # JSON mode is strict about types and still takes a list where the model has a tuple.
        return model.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise ConfigErrors([_explain(document, model, one) for one in error.errors()]) from None


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that nobody declared: what it is, what was probably meant, what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {name!r}{hint} (known: {', '.join(names) or 'none'})"


def _explain(document: YamlDocument, model: type[Strict], error: ErrorDetails) -> ConfigError:
    where: Where = tuple(error["loc"])
    if where and where[-1] == "[key]":
        message = f"the name {where[-2]!r} must match [a-z][a-z0-9-]{{0,62}}"
        return document.error_at(where[:-1], message, key=True)
    if error["type"] == "extra_forbidden":
        message = unknown("key", str(where[-1]), _keys_at(model, where[:-1]))
        return document.error_at(where, message, key=True)
    if error["type"] == "missing":
        return document.error_at(where[:-1], f"the key {where[-1]!r} is missing", key=True)
    return document.error_at(where, _about_value(error))


def _about_value(error: ErrorDetails) -> str:
    given = error["input"]
    shown = repr(given) if isinstance(given, str | int | float | bool) else _kind(given)
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in _KINDS:
        return f"must be {_KINDS[error['type']]}, not {shown}"
    if error["type"] == "string_pattern_mismatch":
        return f"{shown} must match {error['ctx']['pattern']}"
    if error["type"] == "literal_error":
        return f"{shown} must be one of {error['ctx']['expected']}"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, not {shown}"


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else "a mapping"


def _keys_at(model: type[Strict], where: Where) -> tuple[str, ...]:
    """The keys that the model at `where` knows; a mapping with free keys stands between two models."""
    found: type[Strict] | None = model
    for step in where:
        if found is None:
            return ()
        if step in found.model_fields:
            found = _model_in(found.model_fields[str(step)].annotation) or found
    return tuple(found.model_fields) if found else ()


def _model_in(annotation: Any) -> type[Strict] | None:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)

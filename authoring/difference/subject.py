"""What a search asks about: one document that is right in itself, and the values that may be put into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authoring.recorded import Kind

Variation = Mapping[str, Any]
"""Fields with other values; `facts.files` is the field `files` of the field `facts`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One question with its variations, and those that the rules themselves name.

    `paired`: whether two of them are also tried together, as where a role is granted what is asked.
    """

    kind: Kind
    document: Mapping[str, Any]
    example: Mapping[str, Any]
    variations: tuple[Variation, ...]
    named: tuple[Variation, ...] = ()
    paired: bool = True

"""The shape of `protected.yaml`: the paths that no agent role may change, in classes with a reason each.

Models and what they demand, nothing else. Roles can add to what is forbidden, and take nothing of this away.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from decision.path_patterns import check_pattern
from decision.validation import Name, Strict, validate
from decision.yaml_source import YamlDocument

Pattern = Annotated[str, AfterValidator(check_pattern)]


def _check_reason(reason: str) -> str:
    if not reason.strip() or not reason.isprintable():
        raise ValueError("a class needs a reason of one line, which is shown to whoever is refused")
    return reason


class ProtectedClass(Strict):
    """Patterns that are protected for the same reason."""

    reason: Annotated[str, Field(max_length=200), AfterValidator(_check_reason)]
    patterns: Annotated[tuple[Pattern, ...], Field(min_length=1)]


class ProtectedFile(Strict):
    """The whole of `protected.yaml`."""

    classes: Annotated[dict[Name, ProtectedClass], Field(min_length=1)]


def read_protected(document: YamlDocument) -> ProtectedFile:
    """The classes that a document declares. Raises `ConfigErrors`."""
    return validate(document, ProtectedFile)

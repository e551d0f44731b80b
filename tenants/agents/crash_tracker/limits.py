"""How much is asked for at once: two numbers of a file that is data, so that they can be changed without code.

Promise: a file that says anything but two numbers the service takes is a `LimitsError`.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

SHIPPED_LIMITS = Path(__file__).parent / "limits.yaml"
MOST = 200
"""What the service takes at most."""


class LimitsError(Exception):
    """The limits file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Reports of a page, and stack traces of a call."""

    page: int
    bulk: int


def load(path: Path = SHIPPED_LIMITS) -> Limits:
    """Read and check a limits file; raises LimitsError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LimitsError(f"{path} cannot be read: {type(error).__name__}") from None
    table = document if isinstance(document, dict) else {}
    return Limits(_number(path, table, "page"), _number(path, table, "bulk"))


def _number(path: Path, table: dict[str, object], name: str) -> int:
    value = table.get(name)
    if type(value) is not int or not 1 <= value <= MOST:
        raise LimitsError(f"{path}: {name} must be a whole number from 1 to {MOST}")
    return value

"""What a log holds of decisions, as values that can be asked again; pure. `recorded` reads them."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from authoring.said import Said

Kind = Literal["request", "token", "change", "jury"]
Why = Literal[
    "refused before policy",
    "decided by the gateway",
    "input gone",
    "input damaged",
    "no input recorded",
    "unknown kind",
]
"""Why a decision cannot be asked again. `input gone`: forgotten, or lost; `doorless log verify` tells which."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision by policy that can be asked again."""

    seq: int
    id: str
    time_ms: int
    kind: Kind
    workflow: str
    role: str
    revision: str
    """Of the policy that made it; its bundle is `<revision>.tar.gz` among the home's bundles."""
    document: bytes
    """What policy was shown, as JSON without the `input` wrapper."""
    answered: Said
    left_out: bool = False
    """Whether texts were recorded as left out, because they held what looks like a secret: policy saw others."""

    def input(self) -> dict[str, Any]:
        """What policy was shown, read."""
        read: dict[str, Any] = msgspec.json.decode(self.document)
        return read


@dataclass(frozen=True, slots=True)
class Apart:
    """One decision that cannot be asked again, and why."""

    seq: int
    id: str
    time_ms: int
    kind: str
    role: str
    why: Why

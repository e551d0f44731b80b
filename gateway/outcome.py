"""What became of one decision, as a value."""

from dataclasses import dataclass
from typing import Literal

Result = Literal["completed", "upstream_error", "client_gone", "cut", "timeout", "body_too_large"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a recorded decision ended. `status` is what the agent was shown; 0 where it was shown nothing."""

    forwarded: bool
    """Whether the call was made, whatever became of it."""
    result: Result
    status: int
    bytes_in: int
    bytes_out: int
    ms: int

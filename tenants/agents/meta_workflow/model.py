"""What the meta-workflow looks at, and what it finds: observations, happenings, a history of both, findings.

Pure data. Times are milliseconds since the epoch, as the log states them. No finding holds text that an agent wrote.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Detail = dict[str, str | int]
Pattern = Literal["degradation", "anomaly", "drift"]


class Observation(NamedTuple):
    """One decision of the log with its outcome. A tuple, because a history may hold a million.

    What an entry does not state (an older form, a forgotten input, no outcome yet) is "" or 0.
    """

    seq: int
    outcome_seq: int | None
    """None where nothing was done, or not yet."""
    time_ms: int
    workflow: str
    role: str
    kind: str
    """`request`, `token`, `change` or `refusal`."""
    decision: str
    """`allow`, `deny` or `hold`."""
    source: str
    """`policy` or `gateway`: who decided."""
    codes: tuple[str, ...] = ()
    """The codes of the reasons, in order."""
    service: str = ""
    route: str = ""
    """The catalogue's name of it, never the path."""
    action: str = ""
    data: str = ""
    target: str = ""
    """Method and path: the agent's own words. Detectors do not look at it."""
    result: str | None = None
    """As `OutcomeEntry.result`; None where there is no outcome."""
    status: int = 0
    bytes_in: int = 0
    """Bytes of the request's body: what the agent sent out."""
    bytes_out: int = 0
    """Bytes of the answer: what the agent was given."""
    ms: int = 0


class Happening(NamedTuple):
    """One event of the log: `report.kept`, `jury.decided`, `workflow.started` and the like."""

    seq: int
    time_ms: int
    event: str
    workflow: str
    role: str
    """The role of `workflow` by the issuer's record; "" where the event belongs to none."""
    detail: Detail


@dataclass(frozen=True, slots=True)
class History:
    """What is looked at, both parts in the order of the log (ascending `seq`), whatever their clocks said."""

    observations: tuple[Observation, ...] = ()
    happenings: tuple[Happening, ...] = ()


class Window(NamedTuple):
    """A stretch of time, end exclusive."""

    from_ms: int
    to_ms: int


class Effect(NamedTuple):
    """How large a finding is: `ratio` 3.1 of `ms`, `points` 15 of `accuracy`."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one role, with what it is measured by.

    `role` is that of the log's own record. `subject` is a name of the catalogue (`service/route`, `service`), of a
    code, or of an output's type. `window` is when it was seen, `baseline` what it was held against.
    """

    detector: str
    pattern: Pattern
    role: str
    subject: str
    effect: Effect
    confidence: float
    """1 less the adjusted p-value: 0 to 1."""
    window: Window
    baseline: Window
    entries: tuple[int, ...]
    """Sequence numbers of the log entries that are its evidence: ascending, bounded; `numbers["entries"]` counts all."""
    numbers: dict[str, float]

"""A history made ready for detectors: by role, with believable times, under names that no agent chose.

Pure. Promises that an entry stands under the role of the log's own record and nowhere else, that what has no role
or no possible time is left out, and that only names of the catalogue's form become subjects.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.clock import believable
from tenants.agents.meta_workflow.model import Happening, History, Observation

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What detectors look at; everything in the order of the log."""

    roles: dict[str, list[Observation]]
    """By role, in alphabetical order."""
    happenings: tuple[Happening, ...]


def seen_in(history: History) -> Seen:
    """Everything of a history that a detector may rely on."""
    observations, happenings = history.observations, history.happenings
    sequence = np.array(
        [*(one.seq for one in observations), *(one.seq for one in happenings)], dtype=np.int64
    )
    times = np.array(
        [*(one.time_ms for one in observations), *(one.time_ms for one in happenings)], dtype=np.int64
    )
    keep = _kept(sequence, times)
    roles: dict[str, list[Observation]] = {}
    for one, kept in zip(observations, keep[: len(observations)].tolist(), strict=True):
        if kept and is_name(one.role):
            roles.setdefault(one.role, []).append(one)
    believed = zip(happenings, keep[len(observations) :].tolist(), strict=True)
    return Seen(dict(sorted(roles.items())), tuple(one for one, kept in believed if kept))


@lru_cache(maxsize=4_096)
def is_name(text: str) -> bool:
    """Whether this can be the name of a role, a service, a route, a code or a type."""
    return _NAME.fullmatch(text) is not None


@lru_cache(maxsize=4_096)
def place_of(service: str, route: str) -> str:
    """`service/route`, or "" where one of them is not stated or is no name."""
    return f"{service}/{route}" if is_name(service) and is_name(route) else ""


def number(value: str | int | None) -> int | None:
    """A detail that is a count; None where it is missing or something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _kept(sequence: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which entries keep their place: both parts in one order of the log, as it was written."""
    order = np.argsort(sequence, kind="stable")
    keep = np.zeros(len(times), dtype=np.bool_)
    keep[order] = believable(times[order]) & (times[order] > 0)
    return keep


def times_of(entries: Sequence[Observation | Happening]) -> NDArray[np.int64]:
    """Their times, never decreasing: neighbours a few milliseconds out of order (two writers) are levelled."""
    times = np.array([one.time_ms for one in entries], dtype=np.int64)
    return np.asarray(np.maximum.accumulate(times)) if len(times) else times

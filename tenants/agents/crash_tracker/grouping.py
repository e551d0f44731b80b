"""Which crashes are the same bug: a fingerprint of the root exception and the innermost own frames.

Pure. Only frames inside the application count, up to where a framework called it: whether a request or a task
struck the bug does not make it another one.
"""

import hashlib
from collections.abc import Iterable

from tenants.agents.crash_tracker.model import Crash, Frame, Group, Report
from tenants.agents.crash_tracker.traces import take_apart

OWN_FRAMES = 2  # one is too few: different callers hand one shared function different wrong values


def group_reports(reports: Iterable[Report]) -> list[Group]:
    """Group reports by fingerprint; groups in the order of their first report."""
    groups: dict[str, tuple[Crash, list[Report]]] = {}
    for report in sorted(reports, key=lambda report: (report.occurred_at, report.id)):
        crash = take_apart(report.language, report.stack_trace)
        groups.setdefault(fingerprint(report.app, crash), (crash, []))[1].append(report)
    return [
        Group(
            fingerprint=print_,
            app=members[0].app,
            language=members[0].language,
            exception=crash.exception,
            frames=telling_frames(crash),
            reports=tuple(members),
        )
        for print_, (crash, members) in groups.items()
    ]


def telling_frames(crash: Crash) -> tuple[Frame, ...]:
    """Return the frames that identify the bug: own ones below the entry, else whatever is innermost."""
    inside: list[Frame] = []
    for frame in crash.frames:
        if frame.kind == "entry":
            break
        inside.append(frame)
    own = [frame for frame in inside if frame.kind == "own"]
    return tuple((own or inside or list(crash.frames))[:OWN_FRAMES])


def fingerprint(app: str, crash: Crash) -> str:
    """Return 12 hex characters that are equal for equal bugs of one app."""
    words = [app, crash.exception, *(f"{frame.place}:{frame.function}" for frame in telling_frames(crash))]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]

"""Grouping: one group for each real bug of the stored data, and no more."""

from collections import defaultdict
from datetime import datetime

from tenants.agents.crash_tracker.grouping import fingerprint, group_reports, telling_frames
from tenants.agents.crash_tracker.model import Crash, Frame, Report
from tenants.services.crash_reporting.generate import Made, made_reports


def as_read(made: Made) -> Report:
    stored = made.report
    return Report(
        id=stored.id,
        occurred_at=datetime.strptime(stored.occurred_at, "%Y-%m-%dT%H:%M:%S%z"),
        app=stored.app,
        version=stored.version,
        language=stored.language,
        users=stored.users,
        occurrences=stored.occurrences,
        stack_trace=stored.stack_trace,
    )


def test_groups_are_the_real_bugs() -> None:
    """Each group holds the reports of one bug, all of them, whatever varies between them."""
    made = made_reports()
    truth: defaultdict[str, set[str]] = defaultdict(set)
    for one in made:
        truth[one.bug].add(one.report.id)
    found = [{report.id for report in group.reports} for group in group_reports(map(as_read, made))]
    assert sorted(map(sorted, found)) == sorted(map(sorted, truth.values()))


def test_the_order_of_reading_does_not_matter() -> None:
    """Groups and their reports are the same for any order of the reports."""
    reports = [as_read(one) for one in made_reports()]
    assert group_reports(reports) == group_reports(reversed(reports))


def test_only_own_frames_below_the_entry_count() -> None:
    """Library frames, and everything beyond the framework that called the application, identify nothing."""
    own = [Frame("a.py", name, "own") for name in ("one", "two", "three")]
    library, entry = Frame("lib.py", "f", "library"), Frame("web.py", "serve", "entry")
    assert telling_frames(Crash("E", (library, own[0], library, own[1], own[2]))) == (own[0], own[1])
    assert telling_frames(Crash("E", (own[0], entry, own[1]))) == (own[0],)
    assert telling_frames(Crash("E", (library, entry, own[1]))) == (library,)
    assert telling_frames(Crash("E", (entry, own[1]))) == (entry, own[1])
    assert telling_frames(Crash("E", ())) == ()


def test_app_exception_and_frames_each_make_another_bug() -> None:
    """Equal crashes have equal fingerprints; another app, exception or frame has another."""
    frame = Frame("a.py", "one", "own")
    crashes = [
        ("app", Crash("E", (frame,))),
        ("other", Crash("E", (frame,))),
        ("app", Crash("F", (frame,))),
        ("app", Crash("E", (Frame("b.py", "one", "own"),))),
        ("app", Crash("E", (Frame("a.py", "two", "own"),))),
    ]
    assert len({fingerprint(app, crash) for app, crash in crashes}) == len(crashes)
    assert fingerprint(*crashes[0]) == fingerprint("app", Crash("E", (frame, Frame("web.py", "x", "entry"))))

"""The stored crash reports: what the generator writes, of four languages, small enough to keep."""

from collections import Counter

from tenants.services.crash_reporting.generate import REPORTS, as_lines, made_reports
from tenants.services.crash_reporting.model import is_time
from tenants.services.crash_reporting.settings import STORED


def test_the_stored_file_is_what_the_generator_writes() -> None:
    """The committed data and the generator agree to the byte."""
    assert STORED.read_bytes() == as_lines(made_reports())
    assert STORED.stat().st_size < 1_000_000


def test_every_language_and_every_bug_is_there() -> None:
    """Four languages and twenty-five bugs are in the data, each bug several times."""
    made = made_reports()
    assert len(made) == len({one.report.id for one in made}) == REPORTS
    assert set(Counter(one.report.language for one in made)) == {"python", "java", "javascript", "go"}
    bugs = Counter(one.bug for one in made)
    assert len(bugs) == 25
    assert min(bugs.values()) >= 5


def test_no_blank_is_left_and_times_are_in_the_window() -> None:
    """Every blank of a template is filled, and every report lies in the fourteen days."""
    for one in made_reports():
        report = one.report
        assert not any(
            blank in report.stack_trace for blank in ("{ENTRY}", "{P}", "{L", "{C", "{A}", "{I}", "{N}")
        )
        assert is_time(report.occurred_at)
        assert "2026-11-08" <= report.occurred_at < "2026-11-22"
        assert 1 <= report.users <= report.occurrences


def test_no_report_names_a_real_person() -> None:
    """Contact data end in the reserved domain .example."""
    assert all(one.report.reporter.email.endswith("@reporter.example") for one in made_reports())

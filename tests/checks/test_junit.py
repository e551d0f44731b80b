import pytest

from checks.junit import MAX_BYTES, ReportInvalid, read_outcomes

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="5">
<testcase classname="tests.a" name="passes[1]" time="0.1"/>
<testcase classname="tests.a" name="fails"><failure message="no">why</failure></testcase>
<testcase classname="tests.a" name="breaks"><error message="no"/></testcase>
<testcase classname="tests.a" name="waits"><skipped message="later"/></testcase>
<testcase classname="tests.b" name="passes[1]"><system-out>&lt;failure/&gt;</system-out></testcase>
</testsuite></testsuites>"""


def test_each_test_has_its_outcome() -> None:
    """A failure and an error are failures; what a test prints is none."""
    assert read_outcomes(REPORT) == {
        "tests.a::passes[1]": "passed",
        "tests.a::fails": "failed",
        "tests.a::breaks": "failed",
        "tests.a::waits": "skipped",
        "tests.b::passes[1]": "passed",
    }


@pytest.mark.parametrize("order", [("", "<failure/>"), ("<failure/>", "")])
def test_of_a_repeated_test_the_worst_counts(order: tuple[str, str]) -> None:
    """A second entry, whatever its place, cannot turn a failure into a pass."""
    cases = "".join(f'<testcase classname="a" name="b">{each}</testcase>' for each in order)
    assert read_outcomes(f"<testsuite>{cases}</testsuite>".encode()) == {"a::b": "failed"}


def test_a_passing_mark_after_a_failure_changes_nothing() -> None:
    """A test with a failure and a skip has failed."""
    text = b'<testsuite><testcase classname="a" name="b"><failure/><skipped/></testcase></testsuite>'
    assert read_outcomes(text) == {"a::b": "failed"}


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"no xml",
        b"<testsuite><testcase",
        b"<html/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuite/>',
        b"<testsuite/>" + b" " * MAX_BYTES,
    ],
)
def test_what_is_no_report_is_refused(report: bytes) -> None:
    """Nothing, text, a torn end, another document, entities, too much: no outcome, so no pass."""
    with pytest.raises(ReportInvalid):
        read_outcomes(report)

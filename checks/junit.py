"""JUnit XML as runners write it, read into one outcome for each test; pure.

The report was written beside the code under test, so it is read as hostile: no document type, no entities, bounded.
The form is the one that pytest, Maven, Gradle, Jest and Go's converters share (testcase, failure, error, skipped).
"""

from collections.abc import Mapping
from typing import Literal
from xml.parsers import expat

Outcome = Literal["passed", "failed", "skipped"]

MAX_BYTES = 32 * 2**20
MAX_TESTS = 200_000
_WORST = {"passed": 0, "skipped": 1, "failed": 2}
_ID_LIMIT = 1000


class ReportInvalid(Exception):
    """The report cannot be read as JUnit XML; the text says why."""


def read_outcomes(report: bytes) -> Mapping[str, Outcome]:
    """The outcome of each test by its id, `classname::name`; of a repeated one the worst. Raises `ReportInvalid`."""
    if len(report) > MAX_BYTES:
        raise ReportInvalid(f"the report has {len(report)} bytes; at most {MAX_BYTES} are read")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(report, True)
    except expat.ExpatError as error:
        raise ReportInvalid(f"the report is not XML: {error}") from None
    if not reader.suite:
        raise ReportInvalid("the report holds no testsuite")
    return reader.outcomes


class _Reader:
    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.suite = False
        self._test = ""
        self._outcome: Outcome = "passed"

    def refuse(self, *_: object) -> None:
        raise ReportInvalid("the report has a document type, which no runner writes")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.suite |= name in {"testsuite", "testsuites"}
        if name == "testcase":
            self._test = f"{attributes.get('classname', '')}::{attributes.get('name', '')}"[:_ID_LIMIT]
            self._outcome = "passed"
        elif self._test and name in {"failure", "error"}:
            self._outcome = "failed"
        elif self._test and name == "skipped" and self._outcome == "passed":
            self._outcome = "skipped"

    def end(self, name: str) -> None:
        if name != "testcase":
            return
        known = self.outcomes.get(self._test, self._outcome)
        self.outcomes[self._test] = max(known, self._outcome, key=lambda each: _WORST[each])
        self._test = ""
        if len(self.outcomes) > MAX_TESTS:
            raise ReportInvalid(f"the report names more than {MAX_TESTS} tests")

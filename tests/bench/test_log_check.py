from dataclasses import replace
from pathlib import Path

import pytest

from audit.folder import create
from audit.verify import Report
from bench.failure import CannotMeasure
from bench.load import Counted
from bench.log_check import check_log, compare

GOOD = Report(
    records=205,
    bytes=1,
    torn_bytes=0,
    types={},
    decisions={("request", "allow"): 101, ("token", "allow"): 1},
    outcomes={"completed": 100, "client_gone": 1},
    open_intents=0,
)
COUNTED = Counted(answered=100, under_way=2)


def test_a_log_that_holds_every_request_is_right() -> None:
    """As many allows and completed outcomes as answers; calls that the end cut off may be there or not."""
    assert compare(GOOD, COUNTED) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GOOD, decisions={("request", "allow"): 99}),
        replace(GOOD, decisions={("request", "allow"): 103}),
        replace(GOOD, outcomes={"completed": 99, "client_gone": 3}),
        replace(GOOD, decisions={("request", "allow"): 101, ("request", "deny"): 1}),
        replace(GOOD, decisions={("request", "allow"): 101, ("refusal", "deny"): 1}),
    ],
)
def test_a_log_that_does_not_fit_spoils_the_figures(wrong: Report) -> None:
    """An answer without its record, a record without its call, or a denial: nothing of that run counts."""
    assert compare(wrong, COUNTED) != ""


def test_an_empty_log_after_load_is_no_result(tmp_path: Path) -> None:
    """The log itself is read: one that holds nothing of the load is an error, not a figure."""
    create(tmp_path / "log")
    with pytest.raises(CannotMeasure, match="0 allows"):
        check_log(tmp_path / "log", COUNTED)

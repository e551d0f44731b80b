"""Finding entries by name: through the index, out of the log, sealed or not."""

from pathlib import Path

import pytest

from audit import index as index_module
from audit.entry import encode
from audit.fetch import fetch, recent
from audit.folder import Places
from audit.history import SealedLog
from audit.index import LogIndex
from audit.lookup import IndexUnusable, Lookup
from audit.query import Filter, Page
from tests.audit.samples import decision, event, name, outcome
from tests.audit.whole_logs import make_whole

SEALED = [
    *(encode(entry) for number in range(400) for entry in (decision(number), outcome(number))),
    encode(decision(1_000, workflow="wf-2", decision="deny")),
    encode(decision(1_001, workflow="wf-2")),
]
TAIL = [encode(outcome(1_001)), encode(event(7, workflow="wf-2")), encode(decision(1_002, decision="deny"))]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A log of 802 sealed entries and three that no checkpoint covers."""
    return make_whole(tmp_path / "log", SEALED, TAIL)


def numbers(found: object) -> list[int]:
    return [stored.seq for stored in found]  # type: ignore[attr-defined]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index" / "log.sqlite"


def test_what_is_sealed_and_what_is_not_is_found(places: Places, index: Path) -> None:
    """A decision's outcome, a workflow's events: also those that came after the checkpoint."""
    heard: list[tuple[int, int]] = []
    with Lookup(places.log, index, lambda *done: heard.append(done)) as lookup:
        assert heard == [(802, 802)]
        early, late = lookup.decision(name(3)), lookup.decision(name(1_001))
        assert early is not None
        assert early.outcome is not None
        assert (early.decision.seq, early.outcome.seq) == (6, 7)
        assert late is not None
        assert late.outcome is not None
        assert (late.decision.seq, late.outcome.seq) == (801, 802)
        assert lookup.decision(name(5_000)) is None
        assert numbers(lookup.workflow("wf-2")) == [800, 801, 802, 803]


def test_the_last_lines_are_those_of_the_index_and_all_that_came_after(places: Places, index: Path) -> None:
    """Outcomes that came later belong to their decision."""
    with Lookup(places.log, index) as lookup:
        assert numbers(lookup.last(Filter(decision="deny"), 5)) == [800, 804]
        assert numbers(lookup.last(Filter(workflow="wf-2"), 1)) == [801, 802, 803]


def test_a_page_is_of_what_is_sealed_and_no_more(places: Places, index: Path) -> None:
    """From a number on, so many, by workflow; what no checkpoint covers is not there."""
    with Lookup(places.log, index) as lookup:
        assert numbers(lookup.page(Page(first=798, limit=9))) == [798, 799, 800, 801]
        assert numbers(lookup.page(Page(workflow="wf-2"))) == [800, 801]
        assert numbers(lookup.page(Page(limit=2))) == [0, 1]
        assert lookup.count(Page(first=2)) == 800


def test_an_index_that_lies_is_made_anew(places: Places, index: Path) -> None:
    """Rows that point elsewhere are noticed at the entries themselves. Without the check: another's decision shown."""
    other = make_whole(places.log.with_name("other"), SEALED[2:4] + SEALED[:2] + SEALED[4:])
    with Lookup(other.log, index) as lookup:
        assert lookup.decision(name(1)) is not None
    size = len(SEALED)
    with LogIndex(index) as lying, lying._engine.begin() as connection:
        index_module._bind(connection, SealedLog(places.log), size)  # as if it had been made for this log
    with Lookup(places.log, index) as lookup:
        assert lookup.indexed == size
        story = lookup.decision(name(1))
        assert story is not None
        assert story.decision.seq == 2


def test_an_index_that_cannot_be_kept_is_told(places: Places, tmp_path: Path) -> None:
    """A file where the folder should be: the place and the reason, no traceback."""
    (tmp_path / "index").write_text("in the way")
    with pytest.raises(IndexUnusable, match="cannot be kept"):
        Lookup(places.log, tmp_path / "index" / "log.sqlite")


def test_fetch_reads_each_number_once(places: Places) -> None:
    """Near ones in one go, far ones by their bundle; one that is not there is left out."""
    wanted = [0, 1, 255, 256, 700, 802, 804, 9_000]
    assert numbers(fetch(places.log, wanted)) == wanted[:-1]


def test_recent_goes_back_until_it_has_enough_lines(places: Places) -> None:
    """Outcomes are no lines of their own; a log that is shorter is given whole."""
    found = recent(places.log, 2)
    assert found[-1].seq == 804
    assert len(recent(places.log, 10_000)) == 805

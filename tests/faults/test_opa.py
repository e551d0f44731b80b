"""OPA killed and stopped under load: nothing passes undecided, the refusals say why, and it heals by itself."""

import signal
import time
from functools import partial

from audit.entry import DecisionEntry, EventEntry
from audit.reader import read_entries
from tests.faults.load import Load, account
from tests.faults.stack import Home

ENOUGH = 2_000


def test_opa_killed(home: Home) -> None:
    """OPA killed three times under load: `pdp_unavailable` meanwhile, then the same policy decides again.

    Guard removed (a closed engine allows): what was recorded before each restart was allows.
    """
    with home.load(64) as load:
        for turn in range(1, 4):
            began = len(load.seen)
            killed = time.monotonic()
            home.signal(home.opa(), signal.SIGKILL)
            load.wait(partial(_refused_since, load, began), "a refusal")
            load.wait(partial(_restarted, home, load, turn), "a restart")
            load.recovered()
            print(f"outage {load.outage(killed):.2f} s")
            assert load.passed_between_refusals(killed) == []
        load.total(ENOUGH)
    counted = account(load)
    print(counted)
    assert set(counted.refused) == {"pdp_unavailable"}
    assert _decided_before_restarts(home, load) == {"deny"}
    assert counted.requests >= ENOUGH


def test_opa_stopped(home: Home) -> None:
    """OPA stopped by a signal: nothing passes while it is, it is found hanging, killed and replaced.

    Guards removed, one at a time: without questions for its health it stayed `pdp_unavailable` for good; with an allow for an
    engine that does not answer, calls passed between the refusals.
    """
    with home.load(64) as load:
        opa = home.opa()
        stopped = time.monotonic()
        home.signal(opa, signal.SIGSTOP)
        load.refused("pdp_unavailable", 200)
        load.wait(partial(_restarted, home, load, 1), "a restart")
        load.recovered()
        print(f"outage {load.outage(stopped):.2f} s")
        assert load.passed_between_refusals(stopped) == []
        load.total(ENOUGH)
        assert home.opa() != opa
    counted = account(load)
    print(counted)
    assert set(counted.refused) == {"pdp_unavailable"}
    assert _decided_before_restarts(home, load) == {"deny"}
    assert "health" in str(home.events("pdp.restarted", load.first)[0].detail["reason"])


def _decided_before_restarts(home: Home, load: Load) -> set[str]:
    """What was recorded of the twenty requests before each restart of OPA, while there was none."""
    found: set[str] = set()
    verdicts: list[str] = []
    for stored in read_entries(home.log, first=load.first):
        entry = stored.entry
        if isinstance(entry, DecisionEntry) and entry.kind == "request":
            verdicts.append(entry.decision)
        elif isinstance(entry, EventEntry) and entry.event == "pdp.restarted":
            found.update(verdicts[-20:])
    return found


def _refused_since(load: Load, begin: int) -> bool:
    return any(each.code == "pdp_unavailable" for each in load.seen[begin:])


def _restarted(home: Home, load: Load, times: int) -> bool:
    return len(home.events("pdp.restarted", load.first)) == times

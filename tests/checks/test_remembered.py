"""Evidence about the same commits is not found out twice, and what could not be run is."""

import pytest

from checks.evidence import Evidence, State, could_not_run
from checks.remembered import MOST, Remembered

BASE, HEAD = "1" * 40, "2" * 40


def found(state: State = "passed") -> Evidence:
    """What the tests came to."""
    return Evidence(kind="tests", state=state, message="m")


@pytest.mark.parametrize("state", ["passed", "failed", "not_configured"])
def test_what_was_found_out_is_known(state: State) -> None:
    """For these commits and this kind alone."""
    remembered = Remembered()
    remembered.remember(BASE, HEAD, [found(state)])
    assert remembered.of(BASE, HEAD, ("semgrep", "tests")) == {"tests": found(state)}
    assert remembered.of(HEAD, HEAD, ("tests",)) == {}
    assert remembered.of(BASE, BASE, ("tests",)) == {}


def test_what_could_not_be_run_is_tried_again() -> None:
    """Remembered, a full disk of one moment would have kept a commit out for ever."""
    remembered = Remembered()
    remembered.remember(BASE, HEAD, [could_not_run("tests", "no_room", "m", "r")])
    assert remembered.of(BASE, HEAD, ("tests",)) == {}


def test_the_oldest_is_forgotten() -> None:
    """Memory does not grow with the pull requests of a year."""
    remembered = Remembered()
    for number in range(MOST + 1):
        remembered.remember(BASE, f"{number:040x}", [found()])
    assert remembered.of(BASE, f"{0:040x}", ("tests",)) == {}
    assert remembered.of(BASE, f"{MOST:040x}", ("tests",)) != {}

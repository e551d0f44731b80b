import pytest

from proof.model import Group, Impossible, Outcome, Reached, Stopped, Unsound
from proof.room_probe import RoomProbe, Witness
from proof.running import Said, read

LINE = '{"reached": %s, "got": "%s", "number": "%s", "why": "%s"}\n'
NOTHING: dict[Witness, str] = {"canary": "", "secret": "", "word": "", "victim": "", "file": ""}


def said(*, reached: str = "false", got: str = "", number: str = "", code: int = 0) -> Said:
    return read(code, "noise\n" + LINE % (reached, got, number, "because"))


def probe(*, switchable: bool = False, may_die: bool = False) -> RoomProbe:
    return RoomProbe(
        "name", Group.PROCESSES, "something", "network.tcp", switchable=switchable, may_die=may_die
    )


@pytest.mark.parametrize("witness", sorted(NOTHING))
def test_inside_any_witness_is_a_leak(witness: Witness) -> None:
    """Whoever saw it, it got through. Asking the probe's own witness alone missed four of five."""
    assert isinstance(probe()._walled(said(), NOTHING | {witness: "seen"}), Reached)


def test_outside_only_the_witness_counts() -> None:
    """A control that merely says it succeeded did not reach the canary. Counting its word made every control fire."""
    assert isinstance(probe()._control(said(reached="true"), ""), Stopped)
    assert isinstance(probe()._control(said(), "a canary heard it"), Reached)


@pytest.mark.parametrize(
    ("switchable", "number", "expected"),
    [
        (True, "EAFNOSUPPORT", Impossible),
        (True, "EPERM", Impossible),
        (True, "ENETUNREACH", Stopped),
        (False, "EAFNOSUPPORT", Stopped),
        (False, "EPERM", Stopped),
    ],
)
def test_a_control_is_impossible_only_where_the_row_and_the_kernel_say_so(
    switchable: bool, number: str, expected: type[Outcome]
) -> None:
    """A refused control is absent only for what kernels may lack. Without `switchable` a broken kill was absent."""
    outcome = probe(switchable=switchable)._control(said(number=number), "")
    assert isinstance(outcome, expected)


@pytest.mark.parametrize(("may_die", "expected"), [(False, Unsound), (True, Stopped)])
def test_an_attempt_that_tells_nothing_proves_nothing(may_die: bool, expected: type[Outcome]) -> None:
    """A crash inside is no wall, unless the row says that the wall kills. Without the check an ImportError was proven."""
    assert isinstance(probe(may_die=may_die)._walled(read(1, "Traceback…"), NOTHING), expected)


def test_the_account_is_the_last_line_that_is_one() -> None:
    """Other output, JSON included, is not taken for the attempt's account. Taking the last line failed on noise behind it."""
    told = read(0, LINE % ("true", "x", "", "") + '{"other": 1}\nnoise')
    assert told.reached
    assert not read(0, '{"reached": true}').reached

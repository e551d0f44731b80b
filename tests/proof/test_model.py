import pytest

from proof.model import NEVER_ABSENT, Group, Impossible, Reached, Runs, Stopped, Unsound, Verdict, judge

FIRED = Reached("a canary heard it")
HELD = Stopped("ENETUNREACH")


def test_a_fired_control_and_a_stopped_attempt_prove() -> None:
    """A probe is proven when its control fired and the walled attempt was stopped. Judging all proven broke the others."""
    assert judge(Group.NETWORK, Runs(FIRED, HELD)) == (Verdict.PROVEN, "ENETUNREACH")
    assert judge(Group.NETWORK, Runs(FIRED, HELD, Stopped("403")))[0] is Verdict.PROVEN


@pytest.mark.parametrize("control", [FIRED, HELD, Impossible("no such family"), Unsound("it crashed")])
@pytest.mark.parametrize("runs", ["walled", "asked"])
def test_a_leak_is_a_leak_whatever_the_control_says(control: Reached, runs: str) -> None:
    """An attempt that got through is a leak even where its control was silent. Looking at controls first hid six of these."""
    leaking = Runs(control, FIRED) if runs == "walled" else Runs(control, HELD, FIRED)
    assert judge(Group.PROCESSES, leaking)[0] is Verdict.LEAK


@pytest.mark.parametrize("control", [HELD, Unsound("it crashed")])
def test_a_silent_control_proves_nothing(control: Stopped) -> None:
    """A control that did not reach its canary makes the probe silent. Without the check each of these was proven."""
    verdict, why = judge(Group.NETWORK, Runs(control, HELD))
    assert verdict is Verdict.SILENT
    assert why.startswith("control: ")


@pytest.mark.parametrize("group", list(Group))
def test_only_some_groups_know_absent_controls(group: Group) -> None:
    """An impossible control is absent, but silent in network, host and files. An empty NEVER_ABSENT failed for those three."""
    verdict, _ = judge(group, Runs(Impossible("EAFNOSUPPORT"), HELD))
    expected = group in {Group.NETWORK, Group.HOST, Group.FILES}
    assert (verdict is Verdict.SILENT) is expected
    assert (group in NEVER_ABSENT) is expected


@pytest.mark.parametrize("runs", [Runs(FIRED, Unsound("exit 1")), Runs(FIRED, HELD, Unsound("not recorded"))])
def test_an_attempt_that_did_not_happen_proves_nothing(runs: Runs) -> None:
    """An attempt that never ran, or a denial that is not in the log, is silent. Without the check both were proven."""
    assert judge(Group.HOST, runs)[0] is Verdict.SILENT

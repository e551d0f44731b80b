import pytest

from proof.model import Group, Result, Verdict
from proof.tally import count


def result(verdict: Verdict, *, fired: bool = True, group: Group = Group.NETWORK) -> Result:
    return Result("name", group, "something", verdict, "", fired, 0.5)


PROVEN = result(Verdict.PROVEN)
ABSENT = result(Verdict.ABSENT, fired=False)


@pytest.mark.parametrize(
    ("results", "word"),
    [
        ([PROVEN, PROVEN], "proven"),
        ([PROVEN, ABSENT], "proven"),
        ([PROVEN, result(Verdict.SILENT, fired=False)], "NOT PROVEN"),
        ([PROVEN, result(Verdict.SILENT)], "NOT PROVEN"),
        ([PROVEN, result(Verdict.LEAK)], "LEAK"),
        ([result(Verdict.LEAK, fired=False)], "LEAK"),
        ([], "NOT PROVEN"),
    ],
)
def test_a_group_holds_only_without_a_leak_and_with_every_control(results: list[Result], word: str) -> None:
    """One leak, one silent probe, or no probe at all, and the group does not hold. Counting leaks alone passed four of seven."""
    (line,) = count([Group.NETWORK], results)
    assert line.verdict == word
    assert line.holds is (word == "proven")


def test_each_group_counts_its_own() -> None:
    """A line counts the probes of its group and no other. Without the filter both lines counted three."""
    lines = count([Group.HOST, Group.NETWORK], [PROVEN, ABSENT, result(Verdict.LEAK, group=Group.HOST)])
    assert [(line.group, line.tried, line.fired, line.leaks, line.absent) for line in lines] == [
        (Group.HOST, 1, 1, 1, 0),
        (Group.NETWORK, 2, 1, 0, 1),
    ]

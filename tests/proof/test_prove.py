"""The whole proof, once, as a user runs it; and that it says no where a wall or a control is gone."""

from pathlib import Path

import pytest

from proof.model import Group
from tests.proof.conftest import ROOT, Copy, Ran, run

WHOLE_S = 180.0


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of everything."""
    return run(ROOT, tmp_path_factory.mktemp("proof") / "report.json")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("group", list(Group))
def test_each_group_holds_on_this_machine(proof: Ran, group: Group) -> None:
    """No leak, and every control fired. With its guard removed each probe failed: the campaign in test_damaged.py names them."""
    line = proof.group(group)
    assert proof.probes("leak") == {}
    assert proof.probes("silent") == {}
    assert (line["leaks"], line["verdict"]) == (0, "proven")
    assert line["fired"] + line["absent"] == line["tried"] > 0


@pytest.mark.timeout(180)
def test_the_whole_ends_well_and_in_time(proof: Ran) -> None:
    """Exit code 0, over seventy probes, under three minutes, and a report that can be archived. A leak gave 1."""
    assert proof.code == 0, proof.stdout
    assert len(proof.report["probes"]) > 70
    assert proof.report["seconds"] < WHOLE_S
    assert {"doorless", "kernel", "uid", "python", "ended_at", "holds"} <= proof.report.keys()
    assert "0 leaks" in proof.stdout


@pytest.mark.timeout(180)
def test_only_doors_that_kernels_may_lack_are_absent(proof: Ran) -> None:
    """What is absent is named, with the kernel's word on it. An absence in network, host or files ends as silent."""
    absent = {probe["group"] for probe in proof.report["probes"] if probe["verdict"] == "absent"}
    assert absent <= {Group.PROCESSES}
    assert all("this kernel lets nobody do it" in why for why in proof.probes("absent").values())


def test_a_missing_wall_is_a_leak_and_fails_the_proof(copy: Copy) -> None:
    """A room that shares the network leaks what it should hold, and the proof ends with 1. This is the guard's removal itself."""
    copy.damage("sandbox/room.py", '"--unshare-net", ', "")
    copy.keep("tcp-private", "read-history")
    ran = copy.prove()
    assert ran.code == 1, ran.stderr
    assert set(ran.probes("leak")) == {"tcp-private"}
    assert set(ran.probes("proven")) == {"read-history"}
    assert "LEAK" in ran.stdout


def test_a_silent_control_fails_the_proof(copy: Copy) -> None:
    """Canaries that do not listen prove nothing, and the proof ends with 1 without a leak. Counting leaks alone gave 0."""
    copy.damage("proof/canaries.py", "TCP_PORTS: Final = (53, 80,", "TCP_PORTS: Final = (53,")
    copy.keep("tcp-private", "read-history")
    ran = copy.prove()
    assert ran.code == 1, ran.stderr
    assert set(ran.probes("silent")) == {"tcp-private"}
    assert ran.probes("leak") == {}
    assert "NOT PROVEN" in ran.stdout


def test_a_group_is_chosen_and_shown(copy: Copy) -> None:
    """--group tries that group alone, -v shows each probe with what it proves. Without the choice all nine were there."""
    copy.keep("unsigned", "no-host")
    ran = copy.prove("--group", "tokens", "-v")
    assert ran.code == 0, ran.stderr
    assert [line["group"] for line in ran.report["groups"]] == ["tokens"]
    assert "PROVEN" in ran.stdout
    assert "a token without a signature proves nothing" in ran.stdout


def test_a_proof_that_cannot_run_says_why(copy: Copy, tmp_path: Path) -> None:
    """An unknown group, and parts that do not start, end with 2 in words. A traceback or a 0 would be taken for a proof."""
    unknown = run(copy.root, tmp_path / "none.json", "--group", "nothing")
    assert unknown.code == 2
    assert "There is no group named nothing" in unknown.stderr
    copy.damage("issuer/__main__.py", "import sys", 'import sys\nsys.exit("the issuer is broken")')
    ran = copy.prove("--group", "tokens")
    assert ran.code == 2
    assert "the issuer is broken" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.report == {}

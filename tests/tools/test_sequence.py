import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT
from tools.debian import BENCH, BUBBLEWRAP, CERTIFICATES, RUN, TEST
from tools.places import Places
from tools.sequence import GOALS, needs_of, set_up, steps


def test_every_goal_begins_with_what_users_need(places: Places) -> None:
    """Each goal has the steps of `run`, in the same order; only `test` has more."""
    names = {goal: [name for name, _ in steps(places, goal)] for goal in GOALS}
    assert names["run"] == [
        "system",
        "environment",
        "packages",
        "project",
        "opa",
        "bubblewrap",
        "sandbox",
        "scanners",
        "models",
        "detectors",
    ]
    assert names["bench"] == names["run"]
    assert [name for name in dict.fromkeys(names["test"]) if name not in {"clients", "regal"}] == names["run"]
    assert names["test"][-1] == "regal"


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("packaged", [True, False])
def test_the_system_brings_what_the_goal_needs(*, root: bool, packaged: bool) -> None:
    """Every goal asks for the base; tests and benchmarks for their programs; bwrap only where it can be installed."""
    base = set(RUN) | ({CERTIFICATES} if packaged else set()) | ({BUBBLEWRAP} if packaged and root else set())
    assert set(needs_of("run", root=root, packaged=packaged)) == base
    assert set(needs_of("test", root=root, packaged=packaged)) == base | set(TEST)
    assert set(needs_of("bench", root=root, packaged=packaged)) == base | set(BENCH)


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the file system refuses, set-up exits with 1, names the file, and shows no traceback."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert set_up(tmp_path, "run") == 1
    shown = capsys.readouterr().err
    assert str(tmp_path / "file") in shown
    assert "do: " in shown


def test_a_second_set_up_waits_for_the_first(tmp_path: Path) -> None:
    """While one holds the checkout, another says that it waits, and goes on when the first is done."""
    (tmp_path / ".cache").mkdir()
    program = (
        "import sys; from pathlib import Path; from tools.places import Places; from tools.sequence import _alone\n"
        "with _alone(Places(root=Path(sys.argv[1]), cache=Path(sys.argv[1]))): print('went on', flush=True)"
    )
    with (tmp_path / ".cache" / "setup.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        with second:
            assert second.stdout is not None
            assert "waiting" in second.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(timeout=0.5)
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert second.stdout.readline() == "went on\n"
    assert second.returncode == 0

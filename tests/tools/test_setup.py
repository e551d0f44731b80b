import subprocess
import sys

import pytest

from tests.tools.conftest import ROOT


def setup(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "setup.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("arguments", [(), ("everything",), ("run", "test")])
def test_anything_but_one_known_goal_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    """An unknown, missing or second goal exits with 2, names the goals and starts nothing."""
    done = setup(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "run|test|bench" in done.stderr


def test_help_names_every_goal_and_exit_status() -> None:
    """`--help` exits with 0 and says what each goal brings and what each status means."""
    done = setup("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("run ", "test ", "bench ", "0 ready", "1 a step failed", "2 wrong usage", "3 packages"):
        assert word in done.stdout


def test_an_old_python_is_told_so_before_anything_else() -> None:
    """Where the interpreter is older than what we support, the one clear error names both versions."""
    program = (
        "import sys, runpy; sys.version_info = (3, 10, 4, 'final', 0);"
        f"sys.argv = ['setup.py', 'run']; runpy.run_path({str(ROOT / 'tools' / 'setup.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "3.10.4" in done.stderr

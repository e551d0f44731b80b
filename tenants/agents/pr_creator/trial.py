"""Runs what a clone holds: the call of a crash report, and the repository's own tests. In processes of their own.

The clone is not trusted either; the sandbox around the agent is what holds it.
"""

import json
import subprocess
import sys
from pathlib import Path

from tenants.agents.pr_creator.crash import Crash

WITHIN_S = 60
_CALL = """
import importlib, json, sys
sys.path.insert(0, ".")
module, function, arguments = json.loads(sys.argv[1])
getattr(importlib.import_module(module), function)(*arguments)
"""


def error_of(clone: Path, crash: Crash) -> str:
    """How the call of a report ends now: the last line of its trace, or nothing where it returns."""
    asked = json.dumps((crash.module, crash.function, crash.arguments))
    ran = _python(clone, "-B", "-c", _CALL, asked)
    return "" if ran.returncode == 0 else (ran.stderr.strip().splitlines() or ["no trace"])[-1]


def tests_pass(clone: Path) -> bool:
    """Whether the repository's own tests pass."""
    return _python(clone, "-B", "-m", "unittest", "discover", "-s", "tests").returncode == 0


def _python(clone: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words], cwd=clone, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )

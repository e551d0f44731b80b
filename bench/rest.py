"""What waiting costs a person: the memory of everything at rest, the start of all parts, the start of one agent."""

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import ROLE, doorless, environment, up
from bench.settings import Effort
from bench.targets import figure

_SETTLE_S = 1.5
_TRIES = 5


def measure(root: Path, folder: Path, effort: Effort) -> Section:
    """Start everything several times on all cores; the first start is a fresh home's and is not counted."""
    agents = folder / "agents"
    agents.mkdir(mode=0o755)
    log = folder / "up.log"
    with up(root, log):
        pass
    ready, memory, added = [], [], []
    for number in range(effort.starts):
        with up(root, log) as stack:
            ready.append(stack.ready_s)
            time.sleep(_SETTLE_S)  # what starting took is given back
            memory.append(stack.pss_megabytes())
            if number == 0:
                _run_true(root, agents)  # the first one fills caches of the file system
            added += [_added(root, agents) for _ in range(_TRIES)]
    return Section(
        "at rest and at the start",
        (
            figure("rest_pss_mb", "all parts at rest, OPA and supervisor included (PSS)", "MB", memory),
            figure("ready_s", "`doorless up`, until it is ready", "s", ready),
            figure("run_added_s", "`doorless run -- true`, more than `true`", "s", added),
        ),
    )


def _added(root: Path, agents: Path) -> float:
    plain = statistics.median(_seconds(lambda: _end(["true"], agents)) for _ in range(_TRIES))
    return _seconds(lambda: _run_true(root, agents)) - plain


def _run_true(root: Path, agents: Path) -> None:
    _end(doorless("run", "--home", str(root), "--role", ROLE, "--", "true"), agents)


def _end(argv: list[str], folder: Path) -> None:
    done = subprocess.run(argv, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(
            f"{argv[0]} ended with {done.returncode}: {done.stderr.strip()}", "`doorless doctor`"
        )


def _seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began

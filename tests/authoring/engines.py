"""The OPA processes that these tests start, and their sudden end."""

import os
import signal
from pathlib import Path


def end_opa(bundle: Path) -> None:
    """Kill the OPA that was started on that bundle, if one still runs."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _runs_on(process, bundle):
            os.kill(int(process.name), signal.SIGKILL)


def _runs_on(process: Path, bundle: Path) -> bool:
    try:
        return str(bundle).encode() in (process / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return False

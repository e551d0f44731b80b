"""Finds the one OPA that this release was built and tested against.

No other version is ever used: policy behaviour is pinned. What is missing or different is one error with
its remedy.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

VERSION = "1.22.2"

_REMEDY = f"Run `make setup` to install OPA {VERSION}, or set DOORLESS_OPA to the path of a matching one."


class OpaNotFoundError(Exception):
    """No usable OPA; the text says what was tried and what to do."""


def find_opa(environment: Mapping[str, str]) -> Path:
    """The path of OPA 1.22.2: `DOORLESS_OPA`, else the cache folder, else `PATH`.

    A path given in `DOORLESS_OPA` is taken at its word: if it does not fit, nothing else is tried.
    Raises `OpaNotFoundError`.
    """
    tried: list[str] = []
    for candidate in _candidates(environment):
        problem = _problem_of(candidate)
        if problem is None:
            return candidate
        tried.append(f"{candidate}: {problem}")
        if "DOORLESS_OPA" in environment:
            break
    found = "; ".join(tried) or "nothing named opa was found"
    raise OpaNotFoundError(f"OPA {VERSION} is needed ({found}). {_REMEDY}")


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    if "DOORLESS_OPA" in environment:
        yield Path(environment["DOORLESS_OPA"])
        return
    cache = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "/")) / ".cache")
    yield Path(cache) / "doorless" / f"opa-{VERSION}" / "opa"
    on_path = shutil.which("opa", path=environment.get("PATH", os.defpath))
    if on_path is not None:
        yield Path(on_path)


def _problem_of(candidate: Path) -> str | None:
    if not candidate.is_file():
        return "not there"
    try:
        answer = subprocess.run(
            [str(candidate), "version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be run ({error})"
    for line in answer.stdout.splitlines():
        name, _, value = line.partition(":")
        if name == "Version":
            return None if value.strip() == VERSION else f"is version {value.strip()}"
    return "does not answer `opa version`"

"""Finds the environment of the two scanners: exactly the semgrep and Kingfisher that this release was tested with.

Nothing is started to be asked for its version (a start takes seconds): the folder is named after both, and what each
says of itself while it works is compared.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SEMGREP_VERSION = "1.182.0"
KINGFISHER_VERSION = "1.5.0"

REMEDY = (
    "Run `make setup`, or let DOORLESS_SCANNERS name an environment that holds requirements/scanners.txt."
)


class ScannersNotFound(Exception):
    """There is no such environment; the text says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Scanners:
    """An environment with both scanners in it."""

    folder: Path

    @property
    def semgrep(self) -> Path:
        """The program."""
        return self.folder / "bin" / "semgrep"

    @property
    def python(self) -> Path:
        """The interpreter that can import Kingfisher."""
        return self.folder / "bin" / "python"

    @property
    def rule_cache(self) -> Path:
        """Where Kingfisher's compiled rules lie."""
        return self.folder / "rule-cache"


def find_scanners(environment: Mapping[str, str]) -> Scanners:
    """The environment that `DOORLESS_SCANNERS` names, else the one in the cache. Raises `ScannersNotFound`."""
    cache = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "/")) / ".cache")
    usual = Path(cache) / "doorless" / f"scanners-{SEMGREP_VERSION}-{KINGFISHER_VERSION}"
    scanners = Scanners(Path(environment.get("DOORLESS_SCANNERS") or usual))
    if not all(os.access(program, os.X_OK) for program in (scanners.semgrep, scanners.python)):
        raise ScannersNotFound(f"{scanners.folder} is no environment with semgrep and Kingfisher in it")
    return scanners

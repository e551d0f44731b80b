"""Semgrep and Kingfisher, which look at changes, in an environment of their own: their pins do not fit ours.

The folder is named after both versions, which is where `checks` looks for them.
"""

import os

from tools import apart
from tools.environment import clean_environment
from tools.places import Places, pinned_package
from tools.report import run_logged

PACKAGES = ("semgrep", "kingfisher-secret-scanner")
_WARM = "from kingfisher_sdk import Rules; Rules()"


def provide(places: Places) -> str:
    """Make the environment, or keep it where the pins are the same; return what it holds. Raises SetupError."""
    pins = places.requirements("scanners").read_text(encoding="utf-8")
    versions = [pinned_package(pins, package) for package in PACKAGES]
    folder = places.cache / f"scanners-{'-'.join(versions)}"

    def warm() -> None:
        # Compiling the rules takes seconds and loading them tenths: done here, no user waits for it.
        run_logged(
            [f"{folder}/bin/python", "-I", "-c", _WARM],
            places.logs / "scanners-rules.log",
            remedy="look at the message above, then run the same command again",
            environment={**clean_environment(os.environ), "KF_RULE_CACHE_DIR": f"{folder}/rule-cache"},
        )

    apart.make(places, "scanners", folder, warm)
    return f"semgrep {versions[0]}, kingfisher {versions[1]}, {folder}"

"""Semgrep and Kingfisher, which look at changes, in an environment of their own in the user's cache.

Their pins do not fit ours, so nothing of them is ever installed into the project's own environment. Everything is
pinned by hash; the folder is named after both versions, which is where `checks` looks for them.
"""

import os
import shutil
import sys

from tools.environment import REACH, clean_environment
from tools.places import Places, digest, pinned_package
from tools.report import begin, run_logged

PACKAGES = ("semgrep", "kingfisher-secret-scanner")
_WARM = "from kingfisher_sdk import Rules; Rules()"


def provide(places: Places) -> str:
    """Make the environment, or keep it where the pins are the same; return what it holds. Raises SetupError."""
    pins = places.requirements("scanners").read_bytes()
    versions = [pinned_package(pins.decode(), package) for package in PACKAGES]
    folder = places.cache / f"scanners-{'-'.join(versions)}"
    stamp, key = folder / "stamp", digest(pins, sys.version.encode())
    if not (stamp.is_file() and stamp.read_text(encoding="ascii") == key):
        begin("installing semgrep and the rules for secrets")
        # Whatever is half made is made anew: the stamp is written last.
        shutil.rmtree(folder, ignore_errors=True)
        _install(places, str(folder))
        stamp.write_text(key, encoding="ascii")
    return f"semgrep {versions[0]}, kingfisher {versions[1]}, {folder}"


def _install(places: Places, folder: str) -> None:
    environment = clean_environment(os.environ)
    python = [str(places.python), "-I", "-m"]
    run_logged(
        [*python, "venv", "--without-pip", folder],
        places.logs / "scanners-venv.log",
        remedy="look at the message above, then run the same command again",
        environment=environment,
    )
    pip = [*python, "pip", "--python", f"{folder}/bin/python", "install", "--progress-bar", "off"]
    pinned = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
    run_logged(
        [*pip, *pinned, str(places.requirements("scanners"))],
        places.logs / "scanners.log",
        remedy=REACH,
        environment=environment,
    )
    # Compiling the rules takes seconds and loading them tenths: done here, no user waits for it.
    run_logged(
        [f"{folder}/bin/python", "-I", "-c", _WARM],
        places.logs / "scanners-rules.log",
        remedy="look at the message above, then run the same command again",
        environment={**environment, "KF_RULE_CACHE_DIR": f"{folder}/rule-cache"},
    )

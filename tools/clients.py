"""The client libraries that refusals are tested against, in a folder of their own: `.cache/clients`.

A Python environment (which brings Node.js as a wheel) and one npm tree, both pinned by hash. Nothing of them is ever
installed into the project's own environment.
"""

import os
import shutil
import sys
from pathlib import Path

from tools import apart
from tools.places import Places, digest
from tools.report import begin, run_logged

NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


def provide(places: Places) -> str:
    """Make the folder, or keep it where the pins are the same; return where it is. Raises SetupError."""
    folder = places.root / ".cache" / "clients"
    stamp = folder / "stamp"
    key = digest(*(file.read_bytes() for file in _pins(places)), sys.version.encode())
    if not (stamp.is_file() and stamp.read_text(encoding="ascii") == key):
        begin("installing client libraries for the tests of refusals")
        # Whatever is half made is made anew: the stamp is written last.
        shutil.rmtree(folder, ignore_errors=True)
        apart.install(places, "clients", folder / "venv")
        _install_npm(places, folder)
        stamp.write_text(key, encoding="ascii")
    return str(folder)


def _pins(places: Places) -> tuple[Path, ...]:
    return (places.requirements("clients"), *(_npm_source(places) / name for name in NPM_FILES))


def _npm_source(places: Places) -> Path:
    return places.root / "tests" / "clients" / "octokit"


def _install_npm(places: Places, folder: Path) -> None:
    tree = folder / "octokit"
    tree.mkdir()
    for name in NPM_FILES:
        shutil.copy(_npm_source(places) / name, tree)
    run_logged(
        [str(folder / "venv" / "bin" / "npm"), "ci"],
        places.logs / "clients-npm.log",
        remedy="see whether the machine reaches its npm registry (npm's own settings), then run the same command again",
        environment=dict(os.environ),
        folder=tree,
    )

"""Environments of their own in the user's cache: for programs and libraries that Doorless itself never imports.

Everything in one is pinned by hash and nothing of it is ever installed into the project's own environment. Whatever is
half made is made anew: its stamp is written last.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tools.environment import REACH, clean_environment
from tools.places import Places, digest
from tools.report import begin, run_logged


def provide(places: Places, name: str) -> str:
    """Make the environment of `requirements/NAME.txt`, with `.cache/NAME` leading to it; return where it is.

    Raises SetupError.
    """
    pins = places.requirements(name).read_bytes()
    folder = places.cache / f"{name}-{digest(pins, sys.version.encode())[:12]}"
    make(places, name, folder)
    _lead(places.root / ".cache" / name, folder)
    return str(folder)


def make(places: Places, name: str, folder: Path, finish: Callable[[], None] = lambda: None) -> None:
    """Make the environment in `folder`, or keep it where the pins and this Python are the same. Raises SetupError.

    `finish` is what remains to be done once, after everything is installed.
    """
    stamp = folder / "stamp"
    key = digest(places.requirements(name).read_bytes(), sys.version.encode())
    if stamp.is_file() and stamp.read_text(encoding="ascii") == key:
        return
    begin(f"installing what requirements/{name}.txt pins")
    shutil.rmtree(folder, ignore_errors=True)
    install(places, name, folder)
    finish()
    stamp.write_text(key, encoding="ascii")


def install(places: Places, name: str, folder: Path) -> None:
    """A new environment in `folder` with what `requirements/NAME.txt` pins. Raises SetupError."""
    environment = clean_environment(os.environ)
    python = [str(places.python), "-I", "-m"]
    run_logged(
        [*python, "venv", "--without-pip", str(folder)],
        places.logs / f"{name}-venv.log",
        remedy="look at the message above, then run the same command again",
        environment=environment,
    )
    pip = [*python, "pip", "--python", f"{folder}/bin/python", "install", "--progress-bar", "off"]
    pinned = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
    run_logged(
        [*pip, *pinned, str(places.requirements(name))],
        places.logs / f"{name}.log",
        remedy=REACH,
        environment=environment,
    )


def _lead(link: Path, folder: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    if link.is_symlink() and link.readlink() == folder:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(folder)

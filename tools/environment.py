"""The project's own virtual environment and the hashed packages in it.

The system's Python is only ever asked to make the environment. What was installed is remembered by the
digest of the file that asked for it, so a changed file is installed again and an unchanged one costs nothing.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.places import Places, digest
from tools.report import begin, run_logged

REACH = (
    "see whether the machine reaches its Python package registry (a proxy or mirror is set with pip's own "
    "settings), then run the same command again"
)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for pip: the user's, registry settings included, less what would install elsewhere."""
    stray = {
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_CONSTRAINT",
        "PIP_REQUIREMENT",
        "PYTHONHOME",
    }
    kept = {name: value for name, value in environment.items() if name not in stray}
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def usable(settings: str, venv: Path, version: str) -> bool:
    """Judge the text of a pyvenv.cfg: was the environment made at this very place by this very Python?"""
    pairs = [line.partition("=") for line in settings.splitlines()]
    known = {name.strip(): value.strip() for name, _, value in pairs}
    return known.get("version") == version and known.get("command", "").endswith(f" {venv}")


def make_environment(places: Places) -> str:
    """Make .venv, or keep it where this Python made it at this place; return its version and place."""
    venv, version = places.environment, ".".join(map(str, sys.version_info[:3]))
    settings = venv / "pyvenv.cfg"
    # ensurepip writes bin/pip last: an environment without it was interrupted
    whole = settings.is_file() and places.python.exists() and (venv / "bin" / "pip").exists()
    if not (whole and usable(settings.read_text(encoding="utf-8"), venv, version)):
        # started from inside an environment, its base makes ours: an environment cannot replace itself
        maker: str = getattr(sys, "_base_executable", sys.executable)
        run_logged(
            [maker, "-I", "-m", "venv", "--clear", str(venv)],
            places.logs / "venv.log",
            remedy="look at the message above; `make PYTHON=/usr/bin/python3 …` chooses another Python",
            environment=clean_environment(os.environ),
        )
    return f"Python {version}, {venv}"


def install_requirements(places: Places, name: str) -> str:
    """Install one hashed requirement file into the environment; return how many packages it pins.

    Wheels only: building from a source archive would run build code that no hash pins.
    """
    file = places.requirements(name)
    content = file.read_bytes()
    count = sum(1 for line in content.splitlines() if b"==" in line)
    what = f"{count} pinned package{'' if count == 1 else 's'}"
    if not _stamped(places, name, content):
        begin(f"installing {what} from requirements/{file.name}")
        argv = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(file)]
        _pip(places, argv, log=name)
        _stamp(places, name, content)
    return f"{what} of requirements/{file.name}"


def install_project(places: Places) -> str:
    """Install the project itself, editable and without build isolation, so that .venv/bin/doorless stands."""
    content = (places.root / "pyproject.toml").read_bytes()
    if not (_stamped(places, "project", content) and (places.environment / "bin" / "doorless").exists()):
        argv = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(places.root)]
        _pip(places, argv, log="project")
        _stamp(places, "project", content)
    return str(places.environment / "bin" / "doorless")


def install_apart(places: Places, name: str, folder: Path) -> None:
    """Unpack the one wheel of a hashed requirement file into `folder`, outside every environment."""
    argv = [
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--no-deps",
        "--no-compile",
        "--target",
        str(folder),
    ]
    _pip(places, [*argv, "--requirement", str(places.requirements(name))], log=name)


def _pip(places: Places, arguments: list[str], *, log: str) -> None:
    run_logged(
        [str(places.python), "-I", "-m", "pip", "install", "--progress-bar", "off", *arguments],
        places.logs / f"{log}.log",
        remedy=REACH,
        environment=clean_environment(os.environ),
    )


def _key(content: bytes) -> str:
    return digest(content, ".".join(map(str, sys.version_info[:3])).encode())


def _stamped(places: Places, name: str, content: bytes) -> bool:
    stamp = places.stamps / name
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _key(content)


def _stamp(places: Places, name: str, content: bytes) -> None:
    places.stamps.mkdir(exist_ok=True)
    (places.stamps / name).write_text(_key(content), encoding="ascii")

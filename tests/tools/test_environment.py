import sys
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT
from tools.environment import (
    clean_environment,
    install_project,
    install_requirements,
    make_environment,
    usable,
)
from tools.places import Places
from tools.report import SetupError

SETTINGS = "home = /usr/bin\nversion = 3.11.2\ncommand = /usr/bin/python3 -m venv --clear /there/.venv\n"


def test_an_environment_is_kept_only_where_it_was_made_by_the_same_python() -> None:
    """Another Python, another place, or a file that names neither: the environment is made anew."""
    assert usable(SETTINGS, Path("/there/.venv"), "3.11.2")
    assert not usable(SETTINGS, Path("/there/.venv"), "3.11.3")
    assert not usable(SETTINGS, Path("/elsewhere/.venv"), "3.11.2")
    assert not usable(SETTINGS, Path(".venv"), "3.11.2")
    assert not usable("", Path("/there/.venv"), "3.11.2")


def test_pip_installs_nowhere_else() -> None:
    """Settings that send packages to another place are dropped; those that say where to get them stay."""
    result = clean_environment({"PIP_USER": "1", "PIP_TARGET": "/x", "PIP_INDEX_URL": "i", "HOME": "/h"})
    assert result["PIP_USER"] == "0"
    assert "PIP_TARGET" not in result
    assert (result["PIP_INDEX_URL"], result["HOME"]) == ("i", "/h")


def test_a_broken_environment_is_replaced_and_a_whole_one_kept(places: Places) -> None:
    """One that was interrupted before pip came is made anew; the whole one that results is left alone."""
    version = ".".join(map(str, sys.version_info[:3]))
    settings = f"version = {version}\ncommand = python -m venv {places.environment}\n"
    (places.environment / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    places.python.touch()
    mark = places.environment / "mark"
    mark.touch()
    make_environment(places)
    assert not mark.exists()
    assert (places.environment / "bin" / "pip").exists()
    mark.touch()
    assert make_environment(places) == f"Python {version}, {places.environment}"
    assert mark.exists()


def fake_pip(places: Places, body: str) -> None:
    """Write a stand-in for the environment's interpreter: it gets pip's command line."""
    places.python.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    places.python.chmod(0o755)


def test_requirements_are_installed_again_only_when_they_change(places: Places, tmp_path: Path) -> None:
    """The same file costs nothing the second time; a changed one is installed, always by hash, never from source."""
    calls = tmp_path / "calls"
    fake_pip(places, f'echo "$@" >> {calls}')
    file = places.requirements("doorless")
    file.parent.mkdir()
    file.write_text("a==1 \\\n    --hash=sha256:0\nb==2 \\\n    --hash=sha256:1\n", encoding="utf-8")
    for _ in range(2):
        assert install_requirements(places, "doorless").startswith("2 pinned packages")
    (line,) = calls.read_text(encoding="utf-8").splitlines()
    assert "--require-hashes --only-binary :all:" in line
    file.write_text("a==2 \\\n    --hash=sha256:2\n", encoding="utf-8")
    install_requirements(places, "doorless")
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 2


def test_a_failed_installation_is_tried_again(places: Places, tmp_path: Path) -> None:
    """What failed leaves no stamp: the error shows pip's words, and the next run installs."""
    file = places.requirements("doorless")
    file.parent.mkdir()
    file.write_text("a==1\n", encoding="utf-8")
    fake_pip(places, "echo THESE PACKAGES DO NOT MATCH THE HASHES; exit 1")
    with pytest.raises(SetupError) as caught:
        install_requirements(places, "doorless")
    assert "DO NOT MATCH" in caught.value.why
    calls = tmp_path / "calls"
    fake_pip(places, f"touch {calls}")
    install_requirements(places, "doorless")
    assert calls.exists()


def test_the_project_is_installed_from_here_without_a_registry(places: Places, tmp_path: Path) -> None:
    """The checkout itself is installed with the pinned build tools; a missing command installs it again."""
    calls = tmp_path / "calls"
    command = places.environment / "bin" / "doorless"
    fake_pip(places, f'echo "$@" >> {calls}; touch {command}')
    (places.root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    for _ in range(2):
        assert install_project(places) == str(command)
    (line,) = calls.read_text(encoding="utf-8").splitlines()
    assert "--no-deps --no-build-isolation --no-index --editable" in line
    command.unlink()
    install_project(places)
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    """Each line of a requirement file is one exact version or one hash, and no version stands without a hash."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("    --hash=sha256:"):
            continue
        assert "==" in line
        assert line.endswith("\\")
        assert following.startswith("    --hash=sha256:")


def test_developers_get_the_very_versions_that_users_get() -> None:
    """Each pin of the product's file stands, with the same version, in the developers' file."""

    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return {line.split()[0] for line in text.splitlines() if "==" in line}

    assert pins("doorless.txt") <= pins("develop.txt")

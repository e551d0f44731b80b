import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.places import Places

ROOT = Path(__file__).resolve().parents[2]
WriteProgram = Callable[[str, str], Path]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A checkout with an empty environment and an empty cache."""
    root, cache = tmp_path / "checkout", tmp_path / "cache"
    (root / ".venv" / "bin").mkdir(parents=True)
    cache.mkdir()
    return Places(root=root, cache=cache)


@pytest.fixture
def write_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteProgram:
    """Write a shell script and put its folder first on PATH, so that it hides a real program of that name."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), "/usr/bin", "/bin"]))

    def write(name: str, body: str) -> Path:
        script = folder / name
        script.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        script.chmod(0o755)
        return script

    return write

"""`doorless prove` as a user runs it, and as it runs on a copy of the product in which a wall was taken down."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 170.0
PACKAGES = (
    "audit",
    "checks",
    "decision",
    "doorless",
    "gateway",
    "issuer",
    "policies",
    "proof",
    "sandbox",
    "serving",
    "tenants",
    "workflows",
)


@dataclass(frozen=True)
class Ran:
    """A proof that has ended."""

    code: int
    stdout: str
    stderr: str
    report: dict[str, Any]

    def group(self, name: str) -> dict[str, Any]:
        """One group's line of the report."""
        lines: list[dict[str, Any]] = self.report["groups"]
        return next(line for line in lines if line["group"] == name)

    def probes(self, verdict: str) -> dict[str, str]:
        """The names of all probes of this verdict, and why."""
        return {probe["name"]: probe["why"] for probe in self.report["probes"] if probe["verdict"] == verdict}


def run(tree: Path, file: Path, *words: str) -> Ran:
    """`doorless prove` of a tree, to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "doorless", "prove", "--json", str(file), *words],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    report = json.loads(file.read_text()) if file.exists() else {}
    return Ran(done.returncode, done.stdout, done.stderr, report)


@dataclass(frozen=True)
class Copy:
    """A copy of the product that a test may damage."""

    root: Path

    def damage(self, file: str, old: str, new: str) -> None:
        """Exchange one piece of text that stands exactly once."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    def plant(self, *names: str) -> None:
        """Put weak modules beside the gateway's own."""
        for name in names:
            shutil.copy(ROOT / "tests" / "proof" / "weak" / f"{name}.py", self.root / "gateway")

    def keep(self, *names: str) -> None:
        """Try only these probes."""
        path = self.root / "proof" / "everything.py"
        kept = f"\nPROBES = tuple(probe for probe in PROBES if probe.name in {names!r})  # type: ignore\n"
        path.write_text(path.read_text().replace("Final[tuple[Probe, ...]]", "tuple[Probe, ...]") + kept)

    def prove(self, *words: str) -> Ran:
        """Run its proof."""
        return run(self.root, self.root / "report.json", *words)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A whole copy of the product's own code."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return Copy(tmp_path)

"""The demo's repository of agents and policies: what the meta-workflow proposes changes to, and a person merges.

The analyzer's thresholds in it are those of another season: that is the drift that there is to find.
"""

import urllib.request
from pathlib import Path

from doorless.demo import forge
from doorless.demo.programs import REPOSITORY

NAME = "acme/agents"
STAGING = "staging"

_AGENTS = REPOSITORY / "tenants" / "agents"
_RULES = "tenants/agents/telemetry_analyzer/rules.yaml"
_ANOTHER_SEASON = ((b"min_ratio: 1.4", b"min_ratio: 1.9"), (b"max_ratio: 0.6", b"max_ratio: 0.35"))
_TESTS = """\
import unittest

from tenants.agents.crash_tracker import limits
from tenants.agents.telemetry_analyzer import rules, settings


class Files(unittest.TestCase):
    def test_rules_load(self):
        self.assertTrue(rules.load(settings.SHIPPED_RULES).rules)

    def test_limits_load(self):
        self.assertGreater(limits.load().page, 0)
"""
_MORE = {
    "tenants/__init__.py": "",
    "tests/run.py": forge.RUN_TESTS,
    "tests/test_files.py": _TESTS,
    ".doorless/checks.yaml": forge.FILES[".doorless/checks.yaml"],
}


def bare_in(folder: Path) -> Path:
    """Where the forge that serves `folder` has it."""
    return folder / f"{NAME}.git"


def found(folder: Path, policies: Path) -> Path:
    """Make it below `folder`, with these policies, its staging branch where main is; where it is."""
    files = {name: text.encode() for name, text in _MORE.items()}
    files |= _below(policies, "policies") | _below(_AGENTS, "tenants/agents")
    for old, new in _ANOTHER_SEASON:
        files[_RULES] = files[_RULES].replace(old, new)
    return forge.made(bare_in(folder), files, STAGING)


def merged(url: str, key: Path, number: int) -> int:
    """Merge a pull request as a person does, at the forge itself; the status."""
    request = urllib.request.Request(  # noqa: S310 - the demo's own forge
        f"{url}/repos/{NAME}/pulls/{number}/merge",
        data=b"{}",
        headers={"authorization": f"Bearer {key.read_text().strip()}", "content-type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return int(answer.status)


def _below(folder: Path, name: str) -> dict[str, bytes]:
    """The files below a folder, under another name of it; but for the meta-workflow itself."""
    return {
        f"{name}/{path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "meta_workflow" not in path.parts
    }

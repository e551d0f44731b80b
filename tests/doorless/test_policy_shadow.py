"""`doorless policy shadow` on a running home."""

import json
import shutil
from pathlib import Path

from tests.doorless.conftest import Place


def test_a_candidate_is_started_watched_and_stopped(running: Place, tmp_path: Path) -> None:
    """Off, refused with file and line, running, over with what came of it; a home's own policies agree with themselves."""
    assert "none was since the gateway started" in running.doorless("policy", "shadow", "status").stdout
    policies = shutil.copytree(running.home / "policies", tmp_path / "candidate")
    roles = policies / "roles.yaml"
    good = roles.read_text()
    roles.write_text("roles:\n  reader: {services: [nowhere], actions: [read]}\n")
    refused = running.doorless("policy", "shadow", "start", str(policies))
    assert (refused.returncode, f"{roles}:2:" in refused.stderr) == (1, True)
    roles.write_text(good)
    begun = running.doorless("policy", "shadow", "start", str(policies))
    assert (begun.returncode, "running" in begun.stdout) == (0, True), begun.stderr
    again = running.doorless("policy", "shadow", "start", str(policies))
    assert (again.returncode, "shadow.running" in again.stderr) == (1, True)
    shown = json.loads(running.doorless("policy", "shadow", "status", "--json").stdout)
    assert (shown["state"], shown["flips"], shown["policies"]) == ("running", 0, str(policies))
    ended = running.doorless("policy", "shadow", "stop")
    assert (ended.returncode, "ended" in ended.stdout, "flips 0" in ended.stdout) == (0, True, True)

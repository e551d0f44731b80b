"""`doorless doctor`: that it finds what is wrong, and says what to do."""

import json
import shutil
from pathlib import Path

import pytest

from tests.doorless.conftest import Place


def findings(place: Place, *words: str) -> dict[str, dict[str, str]]:
    """What `doctor --json` found, by what was looked at."""
    said = place.doorless("doctor", "--json", *words)
    return {each["what"]: each for each in json.loads(said.stdout)}


def test_a_running_home_is_well(running: Place) -> None:
    """Nothing fails, the sandbox was really tried, and every part answers."""
    found = findings(running)
    assert [each for each in found.values() if each["mark"] == "fail"] == []
    for part in ("sandbox", "audit writer", "issuer", "gateway", "log", "policies"):
        assert found[part]["mark"] == "ok", found[part]
    assert running.doorless("doctor").returncode == 0


def test_a_home_at_rest_is_no_failure(place: Place) -> None:
    """Nothing runs: a warning that names the command, and exit code 0."""
    found = findings(place)
    assert found["running"]["mark"] == "warn"
    assert "doorless up" in found["running"]["remedy"]
    assert place.doorless("doctor").returncode == 0


def test_what_is_wrong_in_a_home_is_named_with_its_remedy(place: Place) -> None:
    """An open secret, a broken role, a lost log: each is its own failed line, and the exit code is 1."""
    secret = place.home / "secrets" / "telemetry-key"
    secret.chmod(0o644)
    (place.home / "policies" / "roles.yaml").write_text("roles: {x: {services: [nope], actions: [read]}}")
    shutil.rmtree(place.home / "log")
    (place.home / "log").mkdir(mode=0o700)
    found = findings(place)
    assert found["permissions"]["mark"] == "fail"
    assert str(secret) in found["permissions"]["remedy"]
    assert "roles.yaml:1:" in found["policies"]["found"]
    assert found["log"]["mark"] == "fail"
    assert place.doorless("doctor").returncode == 1


def test_a_service_without_its_credential_is_named(place: Place) -> None:
    """A service that names what credentials.yaml does not hold fails the check. Nobody said so before the first call."""
    services = place.home / "policies" / "services.yaml"
    services.write_text(services.read_text().replace("credential: telemetry-key", "credential: no-such-key"))
    found = findings(place)["credentials"]
    assert found["mark"] == "fail"
    assert "service telemetry names no-such-key" in found["found"]
    assert "credentials.yaml" in found["remedy"]


@pytest.mark.parametrize("key", ["short-9f27b1c", "abababababababababababababababab"])
def test_a_key_that_can_be_guessed_is_warned_about(place: Place, key: str) -> None:
    """A static key that is short or repeats itself is named, never shown. A fresh home's random ones are well."""
    assert findings(place)["credentials"]["mark"] == "ok"
    (place.home / "secrets" / "telemetry-key").write_text(key + "\n")
    said = place.doorless("doctor", "--json").stdout
    found = {each["what"]: each for each in json.loads(said)}["credentials"]
    assert (found["mark"], found["found"]) == ("warn", "easily guessed: telemetry-key")
    assert key not in said


def test_a_missing_opa_is_named(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without OPA: a failed line with the remedy; the other checks are still made."""
    monkeypatch.setenv("DOORLESS_OPA", str(tmp_path / "absent"))
    found = findings(place)
    assert found["opa"]["mark"] == "fail"
    assert "make setup" in found["opa"]["remedy"]
    assert found["sandbox"]["mark"] == "ok"

"""`doorless policy` on a home's copy of the policies."""

import json

import pytest

from tests.doorless.conftest import ROOT, Place


@pytest.mark.long  # a copy of what `make check` has as steps of its own
def test_a_new_homes_policies_pass_every_gate(place: Place) -> None:
    """What `init` copies passes `check` and `test`, without Regal."""
    for verb in ("check", "test"):
        said = place.doorless("policy", verb, "--json")
        document = json.loads(said.stdout)
        assert said.returncode == 0, document
        assert document["policies"] == str(place.home / "policies")
        assert all(gate["ok"] for gate in document["gates"])
        assert "regal" not in {gate["name"] for gate in document["gates"]}


def test_a_mistake_is_named_with_file_line_and_column(place: Place) -> None:
    """A wrong role and a typo in Rego close their gates: exit code 1, each with its place."""
    roles = place.home / "policies" / "roles.yaml"
    roles.write_text(
        roles.read_text().replace(
            "actions: [read]\n    data: [telemetry]", "actions: [raed]\n    data: [telemetry]"
        )
    )
    rego = place.home / "policies" / "request" / "request.rego"
    rego.write_text(rego.read_text() + "\nbroken if input.rolle\n")
    said = place.doorless("policy", "check")
    assert said.returncode == 1
    assert f"{roles}:" in said.stdout
    assert "unknown action 'raed'" in said.stdout
    assert "request/request.rego:" in said.stdout


def test_a_missing_tool_closes_its_gate(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped policies are checked with Regal; where it is missing that gate fails, and is not skipped."""
    monkeypatch.setenv("DOORLESS_REGAL", "/nonexistent/regal")
    said = place.doorless("policy", "check", "--json", "--policies", str(ROOT / "policies"))
    gates = {gate["name"]: gate["ok"] for gate in json.loads(said.stdout)["gates"]}
    assert gates["regal"] is False
    assert said.returncode == 1


def test_reload_says_what_is_in_force(place: Place) -> None:
    """Unchanged, then changed, then refused with file and line; what was in force stays."""
    stack = place.up()
    try:
        roles = place.home / "policies" / "roles.yaml"
        good = roles.read_text()
        first = place.doorless("policy", "reload")
        assert "was in force already" in first.stdout
        roles.write_text(good.replace("max_requests_per_min: 30", "max_requests_per_min: 31"))
        second = place.doorless("policy", "reload")
        assert second.returncode == 0
        assert second.stdout.split()[0] != first.stdout.split()[0]
        roles.write_text(good.replace("services: [telemetry]", "services: [telemetri]"))
        refused = place.doorless("policy", "reload")
        assert refused.returncode == 1
        assert f"{roles}:" in refused.stderr
        assert "did you mean 'telemetry'" in refused.stderr
        assert place.doorless("run", "--role", "crash-tracker", "--", "true").returncode == 0
    finally:
        assert stack.end() == 0


def test_a_key_is_rotated(running: Place) -> None:
    """`key rotate` prints the id of the new key, which is in the home now; workflows go on."""
    keys = running.home / "keys"
    before = {key.stem for key in keys.glob("*.pem")}
    rotated = running.doorless("key", "rotate").stdout.strip()
    assert {key.stem for key in keys.glob("*.pem")} - before == {rotated}
    assert running.doorless("run", "--role", "crash-tracker", "--", "true").returncode == 0

"""`doorless up` from outside: what it starts, what it refuses, what it leaves behind."""

import os
import signal
import socket
from functools import partial
from pathlib import Path

import pytest

from tests.doorless.conftest import Place, Stack, alive, descendants, until


def test_a_clean_stop_leaves_no_process(place: Place) -> None:
    """SIGTERM stops every part, OPA included, within its time, and `up` ends with 0."""
    stack = place.up()
    everything = descendants(stack.process.pid)
    assert len(everything) >= 4, "audit, issuer, gateway and OPA"
    assert stack.end() == 0
    assert not any(map(alive, everything))
    assert not list(place.home.joinpath("run").glob("*.sock")), "no socket stays behind"


def test_a_killed_supervisor_takes_everything_with_it(place: Place) -> None:
    """After SIGKILL of `up` nothing survives, and the home can be run again at once."""
    stack = place.up()
    everything = descendants(stack.process.pid)
    stack.process.kill()
    stack.end()
    until(lambda: not any(map(alive, everything)), "every part is gone")
    again = place.up()
    assert again.end() == 0


def test_one_home_runs_once(place: Place) -> None:
    """A second `up` on a running home is refused and names the process; the first goes on."""
    stack = place.up()
    try:
        second = place.doorless("up")
        assert second.returncode == 2
        assert f"process {stack.process.pid}" in second.stderr
        assert place.doorless("workflows").returncode == 0
    finally:
        assert stack.end() == 0


def test_a_killed_part_is_started_again(place: Place) -> None:
    """Each part that is killed comes back by itself, and then workflows can be run again."""
    stack = place.up()
    try:
        for part in ("audit", "issuer", "gateway"):
            first = stack.part(part)
            os.kill(first, signal.SIGKILL)
            until(partial(_is_ready_again, stack, part), f"{part} is ready again")
            assert stack.part(part) != first
            until(lambda: _runs(place), "a workflow runs again")
    finally:
        assert stack.end() == 0


def test_a_bad_role_starts_nothing(place: Place) -> None:
    """An unknown service in roles.yaml: `up` ends with 2, says file, line and column, and nothing was started."""
    roles = place.home / "policies" / "roles.yaml"
    text = roles.read_text(encoding="utf-8")
    line = next(at for at, each in enumerate(text.splitlines(), 1) if "services: [crash-reporting]" in each)
    roles.write_text(
        text.replace("services: [crash-reporting]", "services: [crash-reportin]"), encoding="utf-8"
    )
    [journal] = (place.home / "log" / "journal").iterdir()
    before = journal.stat()
    refused = place.doorless("up")
    assert refused.returncode == 2
    assert f"{roles}:{line}:" in refused.stderr
    assert "did you mean 'crash-reporting'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert journal.stat().st_size == before.st_size
    assert not list((place.home / "run").iterdir())


def test_a_policy_that_opa_refuses_stops_everything_that_was_started(place: Place) -> None:
    """Rego that does not compile: `up` ends with 1 and the file and line; no part is left running."""
    broken = place.home / "policies" / "request" / "request.rego"
    broken.write_text(broken.read_text(encoding="utf-8") + "\nthis is not rego\n", encoding="utf-8")
    refused = place.doorless("up")
    assert refused.returncode == 1
    assert "The gateway did not start." in refused.stderr
    assert "request.rego:" in refused.stderr
    assert not list((place.home / "run").glob("*.sock"))


def test_a_bad_configuration_names_its_line(place: Place) -> None:
    """An unknown key in doorless.yaml: `up` ends with 2 and says where and what was probably meant."""
    file = place.home / "doorless.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("  listen:", "  listn:"), encoding="utf-8")
    line = next(
        at for at, each in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "listn" in each
    )
    refused = place.doorless("up")
    assert refused.returncode == 2
    assert f"{file}:{line}:3: unknown key 'listn'; did you mean 'listen'?" in refused.stderr


def test_a_taken_port_is_a_clear_error(place: Place) -> None:
    """Where somebody else listens on the issuer's port, `up` ends with 1 and says which address."""
    listen = next(
        line.split()[1]
        for line in (place.home / "doorless.yaml").read_text().splitlines()
        if "listen:" in line
    )
    host, _, port = listen.rpartition(":")
    with socket.create_server((host, int(port))):
        refused = place.doorless("up")
    assert refused.returncode == 1
    assert "The issuer did not start." in refused.stderr
    assert port in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_wrong_opa_is_a_clear_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """DOORLESS_OPA that is no OPA 1.22.2: `up` ends with 2, the cause and the remedy."""
    wrong = place.agents / "opa"
    wrong.write_text("#!/bin/sh\necho 'Version: 0.1.0'\n")
    wrong.chmod(0o755)
    monkeypatch.setenv("DOORLESS_OPA", str(wrong))
    refused = place.doorless("up")
    assert refused.returncode == 2
    assert "is version 0.1.0" in refused.stderr
    assert not list((place.home / "run").iterdir())


def test_a_folder_that_is_no_home_is_refused(place: Place, tmp_path: Path) -> None:
    """A folder without doorless.yaml is no home; the error says how to make one."""
    refused = place.doorless("up", "--home", str(tmp_path))
    assert refused.returncode == 2
    assert "is not a home" in refused.stderr
    assert "doorless init" in refused.stderr


def _is_ready_again(stack: Stack, part: str) -> bool:
    return f"{part:<7} | ready again" in stack.said()


def _runs(place: Place) -> bool:
    return place.doorless("run", "--role", "crash-tracker", "--", "true").returncode == 0

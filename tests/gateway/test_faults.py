"""Broken parts: whatever is missing, nothing passes, the reason has a code, and it heals by itself."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.gateway.rig import REPOSITORY, Rig, until


def _opa_pids(gateway: int) -> list[int]:
    children = Path(f"/proc/{gateway}/task/{gateway}/children").read_text().split()
    return [int(pid) for pid in children if b"opa" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_without_the_log_nothing_is_forwarded_and_it_heals(own_rig: Rig) -> None:
    """With the audit writer killed every call is 503 `log_unavailable`; with a new writer calls pass again."""
    agent = own_rig.agent()
    assert agent.get("/notes/notes").status == 200
    own_rig.audit.kill()
    own_rig.audit.wait(10)
    before = len(own_rig.upstream.received)
    answer = agent.get("/notes/notes")
    assert (answer.status, answer.json["code"]) == (503, "log_unavailable")
    assert len(own_rig.upstream.received) == before
    assert own_rig.audit.stdout is not None
    own_rig.audit.stdout.close()
    own_rig.audit = own_rig.start_audit()
    until(lambda: agent.get("/notes/notes").status == 200)


def test_a_stopped_log_delays_nothing_into_a_yes(own_rig: Rig) -> None:
    """A writer that hangs makes a refusal within the deadline, and nothing reaches the upstream."""
    agent = own_rig.agent()
    own_rig.audit.send_signal(signal.SIGSTOP)
    try:
        answer = agent.get("/notes/notes")
    finally:
        own_rig.audit.send_signal(signal.SIGCONT)
    assert (answer.status, answer.json["code"]) == (503, "log_unavailable")
    assert own_rig.upstream.received == []


def test_a_killed_opa_denies_and_heals_within_a_stream_of_requests(own_rig: Rig) -> None:
    """OPA killed under load: denials say `pdp_unavailable` and are recorded; then calls pass, with no operator."""
    agent = own_rig.agent()
    seen: list[tuple[int, str]] = []
    enough = threading.Event()

    def stream() -> None:
        while not enough.is_set():
            answer = agent.get("/notes/notes")
            seen.append((answer.status, "" if answer.status == 200 else answer.json["code"]))

    thread = threading.Thread(target=stream)
    thread.start()
    until(lambda: (200, "") in seen)
    [opa] = _opa_pids(own_rig.gateway.pid)
    os.kill(opa, signal.SIGKILL)
    until(lambda: (503, "pdp_unavailable") in seen)
    until(lambda: seen[-1] == (200, ""))
    enough.set()
    thread.join()
    assert {status for status, _ in seen} == {200, 503}
    denied = [d for d in own_rig.decisions(agent.workflow) if d.decision == "deny"]
    assert len(denied) == sum(status == 503 for status, _ in seen)
    assert {d.reasons[0].code for d in denied} == {"pdp_unavailable"}
    own_rig.event("pdp.restarted")


def test_a_role_change_is_followed_without_one_failed_request(own_rig: Rig) -> None:
    """While requests run, an edited role takes effect with a new revision and nobody sees half a policy."""
    agent = own_rig.agent()
    statuses: list[int] = []
    enough = threading.Event()

    def stream() -> None:
        while not enough.is_set():
            statuses.append(agent.get("/notes/notes").status)

    thread = threading.Thread(target=stream)
    thread.start()
    roles = own_rig.policies / "roles.yaml"
    roles.write_text(roles.read_text().replace("actions: [read, write, delete]", "actions: [read]"))
    write = until(lambda: (answer := agent.request("POST", "/notes/notes", b"x")).status == 403 and answer)
    enough.set()
    thread.join()
    assert write.json["code"] == "request.action_not_granted"
    assert set(statuses) == {200}
    assert len({d.revision for d in own_rig.decisions(agent.workflow)}) == 2


def test_a_broken_role_file_is_refused_with_its_place_and_the_old_policy_stays(own_rig: Rig) -> None:
    """A duplicate key is refused with file, line and column; requests go on under the old revision."""
    agent = own_rig.agent()
    roles = own_rig.policies / "roles.yaml"
    roles.write_text(roles.read_text() + "  writer:\n    services: []\n")
    answer = own_rig.admin.post("/policy/reload")
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["file"].endswith("roles.yaml")
    assert error["line"] == roles.read_text().splitlines().index("  writer:", 5) + 1
    assert agent.get("/notes/notes").status == 200
    assert "roles.yaml" in str(own_rig.event("policy.refused").detail["errors"])


def test_a_second_gateway_on_one_run_folder_is_refused(rig: Rig) -> None:
    """It exits with 75 and says what to do; the first one goes on."""
    second = subprocess.run(
        [sys.executable, "-m", "gateway", *rig.gateway_flags()],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert second.returncode == 75
    assert b"another gateway" in second.stderr
    assert rig.agent().get("/notes/notes").status == 200


def test_unusable_credentials_stop_the_start_with_their_name(rig: Rig, tmp_path: Path) -> None:
    """A credentials file that names a missing secret ends the start with 78 and says which entry."""
    broken = tmp_path / "credentials.yaml"
    broken.write_text("credentials:\n  a-key: {file: nowhere, as: header, name: X-Key}\n")
    flags = [*rig.gateway_flags()]
    flags[flags.index("--credentials") + 1] = str(broken)
    flags[flags.index("--run") + 1] = str(tmp_path / "run")
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", *flags],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert ended.returncode == 78
    assert b"credentials.a-key" in ended.stderr


def test_nothing_is_left_running_when_the_gateway_is_killed(own_rig: Rig) -> None:
    """SIGKILL of the gateway takes OPA with it; a new gateway starts on the same folder."""
    agent = own_rig.agent()
    assert agent.get("/notes/notes").status == 200
    [opa] = _opa_pids(own_rig.gateway.pid)
    own_rig.gateway.kill()
    own_rig.gateway.wait(10)
    until(lambda: not Path(f"/proc/{opa}").exists())
    assert own_rig.gateway.stdout is not None
    own_rig.gateway.stdout.close()
    own_rig.gateway = own_rig.start_gateway()
    assert own_rig.agent().get("/notes/notes").status == 200


def test_a_revision_is_kept_by_its_digest(rig: Rig) -> None:
    """The bundle of the revision in force is in the home, by its digest."""
    revision = rig.admin.get("/status").json()["revision"]
    assert any(revision in path.name for path in (rig.home / "bundles").rglob("*"))

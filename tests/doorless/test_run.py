"""`doorless run` from outside: what an agent is, what it exits with, and what is left when it is over."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.doorless.conftest import Place, alive, descendants, until

SECOND = "import time\nwhile True: time.sleep(1)"


def run(place: Place, *words: str) -> "subprocess.CompletedProcess[str]":
    """One workflow of the crash-tracker, to its end."""
    return place.doorless("run", "--role", "crash-tracker", *words)


def workflow_of(said: str) -> str:
    """The workflow's id in what `doorless run` said at the end."""
    return next(word for word in said.split() if word.startswith("wf-"))


def state_of(place: Place, workflow: str) -> tuple[str, str]:
    """How the issuer lists a workflow: its state, and why it ended."""
    listed = json.loads(place.doorless("workflows", "--json").stdout)
    return next((each["state"], each["ended_reason"]) for each in listed if each["workflow"] == workflow)


def active(place: Place) -> list[str]:
    """The workflows that are active now."""
    listed = json.loads(place.doorless("workflows", "--json").stdout)
    return [each["workflow"] for each in listed if each["state"] == "active"]


def test_the_agents_exit_code_is_passed_on(running: Place) -> None:
    """0 completes the workflow; any other code is passed on and ends it as failed."""
    good = run(running, "--", "true")
    assert (good.returncode, good.stdout) == (0, "")
    assert state_of(running, workflow_of(good.stderr)) == ("ended", "completed")
    bad = run(running, "--", "sh", "-c", "exit 7")
    assert bad.returncode == 7
    assert state_of(running, workflow_of(bad.stderr)) == ("ended", "failed")


def test_an_agent_that_is_not_there_is_127(running: Place) -> None:
    """A program that does not exist in the room gives 127, as a shell would."""
    gone = run(running, "--", "no-such-program")
    assert gone.returncode == 127
    assert "no-such-program: not found" in gone.stderr


def test_the_agent_gets_its_environment_and_nothing_of_the_callers(
    running: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard variables are there; a secret of the caller's environment is not, and no token is."""
    monkeypatch.setenv("CALLERS_SECRET", "canary-3f1c")
    said = run(running, "--task", "count crashes", "--", "env")
    variables = dict(line.partition("=")[::2] for line in said.stdout.splitlines())
    assert variables["DOORLESS_ROLE"] == "crash-tracker"
    assert variables["DOORLESS_TASK"] == "count crashes"
    assert variables["DOORLESS_URL"] == "http://127.0.0.1:8080"
    assert variables["HOME"] == "/work"
    assert "canary-3f1c" not in said.stdout
    assert "eyJ" not in said.stdout, "no JWT"
    assert "PYTHONPATH" not in variables


def test_the_agent_reads_its_folder_and_talks_to_the_gateway(running: Place) -> None:
    """The current folder is /agent, read-only; DOORLESS_URL leads to the gateway, which knows the role."""
    program = running.agents / "ask.py"
    program.write_text(
        "import json, os, urllib.request\n"
        "answer = urllib.request.urlopen(os.environ['DOORLESS_URL'] + '/.doorless/self')\n"
        "print(json.load(answer)['role'], os.getcwd(), os.access('.', os.W_OK))\n"
    )
    said = run(running, "--", "python", "ask.py")
    assert said.stdout == "crash-tracker /agent False\n", said.stderr


def test_a_workflow_may_have_less_than_its_role(running: Place) -> None:
    """With --only the token carries the narrower scope, and the log says so."""
    said = run(running, "--only", "read:crash-reports", "--", "true")
    assert said.returncode == 0
    story = json.loads(running.doorless("log", "show", workflow_of(said.stderr), "--json").stdout)
    token = next(each["entry"] for each in story if each["entry"].get("kind") == "token")
    assert token["input"]["only"] == ["read:crash-reports"]
    assert [each["properties"]["scope"] for each in token["obligations"]] == [["read:crash-reports"]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--role", "crash-trackr", "--", "true"), 120),
        (("--role", "crash-tracker", "--only", "write:crash-reports", "--", "true"), 120),
        (("--role", "crash-tracker", "--ttl", "5x", "--", "true"), 125),
        (("--role", "crash-tracker"), 125),
        (("--", "true"), 125),
        (("--role", "crash-tracker", "--nonsense", "--", "true"), 125),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_remedy(
    running: Place, words: tuple[str, ...], code: int
) -> None:
    """Policy's no is 120, a wrong command line 125: each with what, why and what to do, and no traceback."""
    refused = running.doorless("run", *words)
    assert refused.returncode == code
    assert refused.stderr.startswith("doorless: ")
    assert "\n   why: " in refused.stderr
    assert "\n    do: " in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_a_running_home_it_says_so(place: Place) -> None:
    """Where nothing runs, `run` ends with 121 and other commands with 3; both name `doorless up`."""
    refused = run(place, "--", "true")
    assert refused.returncode == 121
    assert "doorless up" in refused.stderr
    assert place.doorless("workflows").returncode == 3


def test_its_time_runs_out(running: Place) -> None:
    """A workflow that outlives its --ttl is cut with 124 and ends as timeout."""
    late = run(running, "--ttl", "2s", "--", "python", "-c", SECOND)
    assert late.returncode == 124
    assert state_of(running, workflow_of(late.stderr)) == ("ended", "timeout")


def test_a_revoked_workflow_is_cut(running: Place) -> None:
    """`doorless revoke` stops the running agent at once: 123, and no process of it is left."""
    with running.begin("run", "--role", "crash-tracker", "--", "python", "-c", SECOND) as process:
        workflow = _started(running, process)
        inside = descendants(process.pid)
        assert running.doorless("revoke", workflow).returncode == 0
        _, said = process.communicate(timeout=30)
        assert process.returncode == 123, said
        assert f"{workflow} ended: revoked" in said
        assert not any(map(alive, inside))


def test_the_kill_switch_ends_every_workflow(running: Place) -> None:
    """`doorless stop --all` names what it ended; without --all it ends nothing and says so."""
    with running.begin("run", "--role", "crash-tracker", "--", "python", "-c", SECOND) as process:
        workflow = _started(running, process)
        assert running.doorless("stop").returncode == 2
        assert active(running) == [workflow]
        stopped = running.doorless("stop", "--all")
        assert (stopped.returncode, workflow in stopped.stdout) == (0, True)
        process.communicate(timeout=30)
        assert process.returncode == 123
        assert active(running) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_workflow_properly(running: Place, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C stop the agent, end the workflow, and give 128 + n."""
    with running.begin("run", "--role", "crash-tracker", "--", "python", "-c", SECOND) as process:
        workflow = _started(running, process)
        inside = descendants(process.pid)
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == 128 + number
        assert not any(map(alive, inside))
        assert state_of(running, workflow) == ("ended", "failed")


def test_a_killed_orchestrator_leaves_nothing(running: Place) -> None:
    """After SIGKILL of `doorless run`: no process of the agent, no channel, and the workflow has ended."""
    program = "import os, time\nos.fork() or os.setsid()\nos.fork()\ntime.sleep(1000)"
    with running.begin("run", "--role", "crash-tracker", "--", "python", "-c", program) as process:
        workflow = _started(running, process)
        channels = running.home / "run" / "ch"
        until(lambda: sum(map(_sleeps, descendants(process.pid))) >= 4, "the agent has its children")
        inside = descendants(process.pid)
        process.kill()
        process.communicate(timeout=30)
        until(lambda: not any(map(alive, inside)), "the room is gone")
        until(lambda: not list(channels.iterdir()), "the channel is gone")
        until(lambda: state_of(running, workflow) == ("ended", "lease_lost"), "its tokens are revoked")


def test_output_cannot_speak_to_the_terminal(running: Place) -> None:
    """Escape sequences of an agent arrive escaped."""
    said = run(running, "--", "printf", r"\033]0;owned\007ok\n")
    assert said.stdout == "\\x1b]0;owned\\x07ok\n"


def test_without_a_sandbox_the_records_say_so(running: Place) -> None:
    """`--unsafe-no-sandbox` runs an ordinary process, still only with its channel, and the log is marked."""
    program = "import os, urllib.request; print(urllib.request.urlopen(os.environ['DOORLESS_URL'] + '/.doorless/self').status)"
    said = run(running, "--unsafe-no-sandbox", "--task", "look", "--", "python3", "-c", program)
    assert (said.returncode, said.stdout) == (0, "200\n"), said.stderr
    assert "NO SANDBOX" in said.stderr
    listed = json.loads(running.doorless("workflows", "--json").stdout)
    assert (
        next(each["task"] for each in listed if each["workflow"] == workflow_of(said.stderr))
        == "[no sandbox] look"
    )


def test_a_home_below_the_current_folder_is_never_shown(running: Place) -> None:
    """From a folder that holds the home, the agent runs without that folder, and a person is told why."""
    above = Place(running.home, running.home.parent)
    said = run(above, "--", "sh", "-c", "pwd; ls /agent")
    assert said.stdout == "/work\n"
    assert "the agent does not see the current folder" in said.stderr


def test_a_gateway_that_dies_ends_the_agent(place: Place) -> None:
    """When the gateway is killed the lease is lost: the agent is stopped, 123, whoever restarts the gateway."""
    stack = place.up()
    try:
        with place.begin("run", "--role", "crash-tracker", "--", "python", "-c", SECOND) as process:
            workflow = _started(place, process)
            os.kill(stack.part("gateway"), signal.SIGKILL)
            _, said = process.communicate(timeout=30)
            assert process.returncode == 123, said
            assert state_of(place, workflow) == ("ended", "lease_lost")
    finally:
        assert stack.end() == 0


def test_an_issuer_that_dies_ends_the_workflow(place: Place) -> None:
    """After a restart the issuer knows no workflow: the gateway closes the channel, and the agent is stopped."""
    stack = place.up()
    try:
        with place.begin("run", "--role", "crash-tracker", "--", "python", "-c", SECOND) as process:
            _started(place, process)
            os.kill(stack.part("issuer"), signal.SIGKILL)
            _, said = process.communicate(timeout=30)
            assert process.returncode == 123, said
    finally:
        assert stack.end() == 0


def _started(place: Place, process: "subprocess.Popen[str]") -> str:
    """The one workflow whose agent runs now."""
    channels = Path(place.home, "run", "ch")
    until(lambda: len(list(channels.glob("wf-*/gw.sock"))) == 1, "the channel is open")
    until(lambda: any(map(_sleeps, descendants(process.pid))), "the agent runs")
    (workflow,) = [each.parent.name for each in channels.glob("wf-*/gw.sock")]
    return workflow


def _sleeps(pid: int) -> bool:
    try:
        return b"time.sleep" in Path(f"/proc/{pid}/cmdline").read_bytes().rpartition(b"-c")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False

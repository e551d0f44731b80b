"""What a workflow has done, as policy is told it: counted, again after a kill, and never slipped past by two calls at once."""

import os
import pwd
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from audit.entry import DecisionEntry
from tests.gateway.rig import SERVICES, Agent, Answer, Lease, Rig, stop, until

ME = pwd.getpwuid(os.getuid()).pw_name
ROLES = """
roles:
  writer:
    services: [notes, keyed, searched, people]
    actions: [read, write, delete]
    data: [notes, answers]
    limits: {hold_after_denials: 3}
"""
WRITE = (
    b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"3\r\nabc\r\n",
    b"0\r\n\r\n",
)


class PastRig(Rig):
    """A gateway that may be killed, whose policy has both rules about the past switched on."""

    def _prepare(self) -> None:
        super()._prepare()
        services = SERVICES.format(port=self.upstream.port) + "\nsensitive: [answers]\n"
        (self.policies / "services.yaml").write_text(services)
        (self.policies / "roles.yaml").write_text(ROLES)
        templates = f"templates: {{denials: {{approvers: [{ME}], expires_in_s: 600}}}}\n"
        (self.policies / "approvals.yaml").write_text(templates)

    def tokens(self, workflow: str, role: str = "writer", ttl_s: int = 300) -> list[str]:
        """Tokens for all that the role may do."""
        words = {
            "notes": ("delete:notes", "read:notes", "write:notes"),
            "keyed": ("read:answers",),
            "searched": ("write:notes",),
            "people": ("read:notes",),
        }
        return [self.issuer.token(workflow, name, *of, role=role, ttl_s=ttl_s) for name, of in words.items()]

    def histories(self, workflow: str) -> list[dict[str, Any]]:
        """What policy was told of the past with each question of a workflow, in the log's order."""
        return [entry.input["history"] for entry in self.decisions(workflow) if entry.input is not None]


class Returning:
    """A workflow that takes a channel again after its gateway was killed, or after its channel was closed."""

    def __init__(self, rig: PastRig) -> None:
        self.rig = rig
        self.workflow = rig.new_workflow()
        rig.issuer.active.append(self.workflow)
        self.connect()

    def connect(self) -> None:
        """A channel."""
        self.lease = Lease(self.rig.run / "gateway.sock", self.workflow, self.rig.tokens(self.workflow))
        self.agent = Agent(self.lease.opened)

    def kill_gateway(self) -> None:
        """As the kernel would, and start another one."""
        self.rig.gateway.send_signal(signal.SIGKILL)
        stop(self.rig.gateway)
        self.close()
        self.rig.gateway = self.rig.start_gateway()
        self.connect()

    def come_back(self) -> None:
        """Lose the channel and open it anew."""
        assert self.rig.admin.delete(f"/channels/{self.workflow}").status_code == 200
        self.close()
        self.connect()

    def close(self) -> None:
        """Let go."""
        self.agent.close()
        self.lease.hang_up()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastRig]:
    """One for all, also those that kill it."""
    rig = PastRig(tmp_path_factory.mktemp("home"))
    try:
        yield rig
    finally:
        stop(rig.gateway)
        rig.close()


def add(agent: Agent, body: bytes = b"abc") -> Answer:
    """An outward write."""
    return agent.request("POST", "/notes/notes", body)


def denied(agent: Agent) -> Answer:
    """A call that policy denies: the data class is not the role's."""
    answer = agent.get("/keyed/secret")
    assert answer.status == 403, answer.body
    return answer


def test_each_question_tells_what_was_done_before_it(rig: PastRig) -> None:
    """Counts, names and bytes as the log has them; a refusal before policy is a denial too."""
    agent = rig.agent()
    assert add(agent).status == 200
    denied(agent)
    assert agent.get("/nowhere/x").status == 404
    assert agent.get("/keyed/ask").status == 200
    assert agent.get("/notes/notes").status == 200
    first, second, fourth, fifth = rig.histories(agent.workflow)
    assert first == {
        "requests": 0, "allowed": 0, "denials": 0, "denials_in_a_row": 0, "bytes_sent": 0,
        "services": [], "data": [], "data_read": [], "under_way": [],
    }  # fmt: skip
    assert second == {
        **first,
        "requests": 1,
        "allowed": 1,
        "bytes_sent": 3,
        "services": ["notes"],
        "data": ["notes"],
    }
    assert fourth == {**second, "requests": 3, "denials": 2, "denials_in_a_row": 2}
    assert fifth == {
        **fourth, "requests": 4, "allowed": 2, "denials_in_a_row": 0, "services": ["keyed", "notes"],
        "data": ["answers", "notes"], "data_read": ["answers"],
    }  # fmt: skip


def test_nothing_is_written_after_sensitive_data_was_read(rig: PastRig) -> None:
    """Read on, write no more; another workflow is not concerned. Without the rule the write went through."""
    agent, other = rig.agent(), rig.agent()
    assert agent.get("/keyed/ask").status == 200
    answer = add(agent)
    assert (answer.status, answer.json["code"]) == (403, "request.write_after_sensitive_read")
    assert "answers, which is sensitive" in answer.json["detail"]
    assert agent.get("/notes/notes").status == 200
    assert add(other).status == 200


def test_a_write_that_is_still_sending_keeps_sensitive_data_unread(rig: PastRig) -> None:
    """The write was allowed first, and its body could carry out what is read now: the read waits until it is over.

    With `under_way` left empty the read passed, and the rest of the body would have been sent after it.
    """
    agent = rig.agent()
    head, chunk, end = WRITE
    with agent.connect() as connection:
        connection.sendall(head + chunk)
        until(lambda: [each for each in rig.decisions(agent.workflow) if each.decision == "allow"])
        refused = rig.decision(agent.get("/keyed/ask").decision)
        assert [reason.code for reason in refused.reasons] == ["request.sensitive_read_beside_write"]
        connection.sendall(end)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    until(lambda: agent.get("/keyed/ask").status == 200)
    assert add(agent).status == 403


def test_of_a_sensitive_read_and_a_write_at_once_only_one_passes(rig: PastRig) -> None:
    """However they meet, the log never allows a write after, or beside, a sensitive read of the same workflow.

    With a read counted only once it was over, a write passed beside it in one of the first rounds.
    """
    seen = set()
    for _ in range(12):
        agent = rig.agent()
        barrier = threading.Barrier(6)

        def one(read: bool, agent: Agent = agent, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            return (agent.get("/keyed/ask") if read else add(agent)).status

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(one, [True, False] * 3))
        allowed = [each.input for each in rig.decisions(agent.workflow) if each.decision == "allow"]
        order = [asked["action"] for asked in allowed if asked is not None]
        assert "write" not in order[order.index("read") :] if "read" in order else True, order
        seen.add(tuple(order))
    assert seen


def test_a_workflow_is_held_after_denials_until_a_person_approves_one_call(rig: PastRig) -> None:
    """Three denials in a row, then a hold; the approved call is made, and the row begins anew."""
    agent = rig.agent()
    for _ in range(3):
        denied(agent)
    answer = add(agent, b"held")
    hold = answer.headers["x-doorless-hold"]
    assert (answer.status, answer.json["code"]) == (403, "request.held_after_denials")
    assert add(agent, b"held").headers["x-doorless-hold"] == hold, (
        "a hold neither lengthens the row nor ends it"
    )
    denied(agent)
    assert rig.admin.post(f"/holds/{hold}/approve", json={}).status_code == 200
    assert add(agent, b"other").status == 403, "only the approved call is made"
    assert add(agent, b"held").status == 200
    assert add(agent, b"other").status == 200, "and the row begins anew"
    denied(agent)
    assert add(agent).status == 200


@pytest.mark.parametrize("how", ["kill_gateway", "come_back"])
def test_the_past_is_the_same_after_a_restart(rig: PastRig, how: str) -> None:
    """A workflow that comes back is told what the log tells: counts, names, bytes, also of what stands beside the log.

    Without reading the log again a workflow that had read sensitive data wrote after a restart of the gateway.
    """
    workflow = Returning(rig)
    agent = workflow.agent
    assert add(agent, b"abcd").status == 200
    assert agent.get("/people/persons/ada").status == 200, "its question stands beside the log"
    assert agent.get("/keyed/ask").status == 200
    denied(agent)
    assert agent.get("/nowhere/x").status == 404
    rig.outcome(rig.decisions(workflow.workflow)[2].id)
    getattr(workflow, how)()
    assert add(workflow.agent).status == 403
    assert rig.histories(workflow.workflow)[-1] == {
        "requests": 5, "allowed": 3, "denials": 2, "denials_in_a_row": 2, "bytes_sent": 4,
        "services": ["keyed", "notes", "people"], "data": ["answers", "notes"],
        "data_read": ["answers", "notes"], "under_way": [],
    }  # fmt: skip
    assert add(workflow.agent).json["code"] == "request.write_after_sensitive_read"
    workflow.close()


def test_a_workflow_whose_past_was_forgotten_does_not_come_back(rig: PastRig) -> None:
    """What it read cannot be told any more, so it might have been anything."""
    workflow = Returning(rig)
    assert workflow.agent.get("/people/persons/ada").status == 200
    entry = rig.decisions(workflow.workflow)[0]
    side = rig.home / "log" / "side"
    [kept] = [
        path
        for path in side.rglob("*")
        if path.name == str(entry.side) or str(entry.side).endswith(path.name)
    ]
    kept.unlink()
    assert rig.admin.delete(f"/channels/{workflow.workflow}").status_code == 200
    workflow.close()
    asked = {"workflow": workflow.workflow, "tokens": rig.tokens(workflow.workflow)}
    answer = rig.admin.post("/channels", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (500, "past_unreadable")


def test_what_many_calls_at_once_add_up_to_is_what_the_log_says(rig: PastRig) -> None:
    """Two hundred calls over eight connections, then a restart: the counted past is the past that was lived."""
    workflow = Returning(rig)
    agent = workflow.agent

    def one(number: int) -> int:
        return (agent.get("/keyed/secret") if number % 3 else agent.get("/notes/notes")).status

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(200)))
    until(lambda: len(rig.decisions(workflow.workflow)) == 200)
    agent.get("/notes/notes")
    lived = rig.histories(workflow.workflow)[-1]
    decided = rig.decisions(workflow.workflow)[:200]
    assert lived["denials_in_a_row"] == _row(decided)
    workflow.kill_gateway()
    workflow.agent.get("/notes/notes")
    counted = rig.histories(workflow.workflow)[-1]
    last = rig.decisions(workflow.workflow)[200]
    assert counted == {
        **lived,
        "requests": 201,
        "allowed": lived["allowed"] + (last.decision == "allow"),
        "denials_in_a_row": 0 if last.decision == "allow" else lived["denials_in_a_row"],
    }
    workflow.close()


def _row(decisions: list[DecisionEntry]) -> int:
    row = 0
    for each in decisions:
        row = 0 if each.decision == "allow" else row + (each.decision == "deny")
    return row

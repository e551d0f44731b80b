"""Calls that wait for a person, through a real gateway, the real policy and the real log."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.entry import EventEntry
from tests.gateway.rig import Agent, Answer, Rig

ME = pwd.getpwuid(os.getuid()).pw_name
TERMS = "templates:\n  irreversible: {{approvers: [{names}], needed: {needed}, expires_in_s: 600}}\n"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A gateway whose policy names the user of these tests as the approver."""
    rig = Rig(tmp_path_factory.mktemp("home"))
    try:
        set_terms(rig, ME)
        yield rig
    finally:
        rig.close()


def set_terms(rig: Rig, *names: str, needed: int = 1) -> None:
    """Bring other approvers into force."""
    text = TERMS.format(names=", ".join(names), needed=needed)
    (Path(rig.policies) / "approvals.yaml").write_text(text)
    assert rig.admin.post("/policy/reload").status_code == 200


def purge(agent: Agent, name: str = "7") -> Answer:
    """A call that cannot be undone."""
    return agent.request("DELETE", f"/notes/notes/{name}")


def held(answer: Answer) -> str:
    """The hold that an answer names."""
    assert answer.status == 403, answer.body
    hold: str = answer.headers["x-doorless-hold"]
    return hold


def steps(rig: Rig, hold: str) -> list[str]:
    """What the log says of a hold."""
    return [e.event for e in rig.entries() if isinstance(e, EventEntry) and e.detail.get("hold") == hold]


def say(rig: Rig, hold: str, word: str = "approve", **said: str) -> tuple[int, dict[str, Any]]:
    """A person's word on the operator's socket."""
    answer = rig.admin.post(f"/holds/{hold}/{word}", json=said)
    return answer.status_code, answer.json()


def test_an_approved_call_is_made_when_it_is_repeated_and_once(rig: Rig) -> None:
    """Held, approved, made, and held anew: without marking its use, one yes let the call through for ten minutes."""
    agent = rig.agent()
    hold = held(purge(agent))
    assert say(rig, hold)[0] == 200
    answer = purge(agent)
    assert answer.status == 200
    assert steps(rig, hold) == ["hold.opened", "approval.given", "approval.used"]
    assert held(purge(agent)) != hold


def test_a_held_call_is_told_as_clients_need_it(rig: Rig) -> None:
    """403, no `Retry-After`, an id, a place to look and an end; other statuses are sent again by SDKs, or look like success."""
    agent = rig.agent()
    answer = purge(agent, "told")
    hold = held(answer)
    assert "retry-after" not in answer.headers
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json["code"] == "request.irreversible"
    assert answer.json["hold"]["id"] == hold
    assert hold in answer.json["detail"]
    state = agent.get(f"/.doorless/holds/{hold}").json
    assert state["state"] == "open"
    assert state["expires_at"] == answer.json["hold"]["expires_at"]
    assert held(purge(agent, "told")) == hold, "the same call is the same hold"
    assert [one["hold"] for one in agent.get("/.doorless/self").json["holds"]] == [hold]
    assert rig.agent().get(f"/.doorless/holds/{hold}").status == 404, "another workflow's hold does not exist"


@pytest.mark.parametrize(
    "other",
    [
        ("DELETE", "/notes/notes/8", None, {}),
        ("DELETE", "/notes/notes/bound?force=1", None, {}),
        ("DELETE", "/notes/notes/bound", b"{}", {}),
        ("DELETE", "/notes/notes/bound", None, {"content-type": "text/plain"}),
    ],
)
def test_an_approval_is_for_that_very_call(
    rig: Rig, other: tuple[str, str, bytes | None, dict[str, str]]
) -> None:
    """Another path, query, body or type is another call; with the body left out of the digest it went through."""
    agent = rig.agent()
    hold = held(purge(agent, "bound"))
    assert say(rig, hold)[0] == 200
    assert held(agent.request(*other)) != hold
    assert purge(agent, "bound").status == 200


def test_an_approval_is_for_the_workflow_that_was_held(rig: Rig) -> None:
    """Another workflow of the same role with the same call waits on its own."""
    hold = held(purge(rig.agent(), "mine"))
    assert say(rig, hold)[0] == 200
    assert held(purge(rig.agent(), "mine")) != hold


def test_a_refused_call_says_why_and_opens_no_new_hold(rig: Rig) -> None:
    """An agent that asks again and again does not wear a person out: until the hold is over it hears the same no."""
    agent = rig.agent()
    hold = held(purge(agent, "no"))
    assert say(rig, hold, "refuse", reason="not \x1b[31mtoday")[0] == 200
    answer = purge(agent, "no")
    assert answer.status == 403
    assert answer.json["code"] == "hold.refused"
    assert "today" in answer.json["detail"]
    assert "\x1b" not in answer.json["detail"]
    assert "x-doorless-hold" not in answer.headers
    assert say(rig, hold) == (409, {"code": "hold.refused", "message": "It was refused already."})
    assert agent.get(f"/.doorless/holds/{hold}").json["state"] == "refused"


def test_words_that_do_not_count_have_a_code_each(rig: Rig) -> None:
    """Unknown, approved already, used: each is told apart, and nothing is recorded of it."""
    agent = rig.agent()
    hold = held(purge(agent, "codes"))
    assert say(rig, "h-" + "a" * 26)[1]["code"] == "hold.unknown"
    assert say(rig, hold)[0] == 200
    assert say(rig, hold)[1]["code"] == "hold.approved"
    assert purge(agent, "codes").status == 200
    assert say(rig, hold)[1]["code"] == "hold.used"
    assert say(rig, hold, "refuse")[1]["code"] == "hold.used"
    assert steps(rig, hold) == ["hold.opened", "approval.given", "approval.used"]


def test_a_request_cannot_say_who_approves(rig: Rig) -> None:
    """The kernel says who is there; a name in a header or a body changes nothing."""
    agent = rig.agent()
    hold = held(purge(agent, "forged"))
    set_terms(rig, "mallory")
    try:
        held(purge(agent, "forged"))
        second = rig.admin.get("/holds").json()["holds"][-1]["hold"]
        answer = rig.admin.post(
            f"/holds/{second}/approve", json={"approver": "mallory"}, headers={"x-user": "mallory"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "hold.not_an_approver")
        assert say(rig, hold)[1]["code"] == "hold.void"
    finally:
        set_terms(rig, ME)


def test_another_policy_voids_what_was_approved(rig: Rig) -> None:
    """Given under one revision, void under the next: the log says so, and a fresh hold asks again."""
    agent = rig.agent()
    hold = held(purge(agent, "revision"))
    assert say(rig, hold)[0] == 200
    set_terms(rig, ME, "somebody")
    try:
        assert held(purge(agent, "revision")) != hold
        assert steps(rig, hold)[-1] == "approval.void"
    finally:
        set_terms(rig, ME)


def test_without_an_approver_a_hold_is_a_denial(rig: Rig) -> None:
    """Nobody could ever say yes, so nothing waits."""
    agent = rig.agent()
    set_terms(rig, needed=1)
    try:
        answer = purge(agent, "nobody")
        assert (answer.status, answer.json["code"]) == (403, "hold_no_approver")
        assert "x-doorless-hold" not in answer.headers
    finally:
        set_terms(rig, ME)


def test_four_eyes_are_not_one_persons(rig: Rig) -> None:
    """Where two are needed, one person's yes lets nothing through, however often it is said."""
    agent = rig.agent()
    set_terms(rig, ME, "somebody", needed=2)
    try:
        hold = held(purge(agent, "eyes"))
        assert say(rig, hold)[1]["state"] == "open"
        assert say(rig, hold)[1]["code"] == "hold.approved_already"
        assert held(purge(agent, "eyes")) == hold
    finally:
        set_terms(rig, ME)


def test_what_waits_is_listed_and_its_delivery_recorded(rig: Rig) -> None:
    """The count and the holds; that a person saw one stands in the log once."""
    agent = rig.agent()
    hold = held(purge(agent, "listed"))
    for _ in range(2):
        listed = rig.admin.get("/holds", params={"limit": "1000"}).json()
        assert hold in [one["hold"] for one in listed["holds"]]
    assert listed["count"] == len(listed["holds"])
    assert rig.event("hold.delivered", agent.workflow).detail == {"hold": hold, "to": ME}
    assert steps(rig, hold).count("hold.delivered") == 1


def test_the_same_call_twice_at_once_is_made_once(rig: Rig) -> None:
    """Ten at the same moment on one approval: one goes through. Marking its use after the append let several through."""
    agent = rig.agent()
    hold = held(purge(agent, "race"))
    assert say(rig, hold)[0] == 200
    connections = [agent.connect() for _ in range(10)]
    for connection in connections:
        connection.sendall(b"DELETE /notes/notes/race HTTP/1.1\r\nHost: proxy\r\n\r\n")
    heads = [connection.recv(65536).split(b"\r\n")[0] for connection in connections]
    assert heads.count(b"HTTP/1.1 200 OK") == 1
    assert heads.count(b"HTTP/1.1 403 Forbidden") == 9
    assert steps(rig, hold).count("approval.used") == 1

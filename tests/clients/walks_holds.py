"""Walks from what an agent hears where persons decide: each is provoked, and its remedy followed to an allow or a person."""

import os
import pwd
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from gateway.holding.denials import CHANGED, MOST_OF_WORKFLOW, REVOKED, VOID
from gateway.refusals import refusal_of
from tests.clients.rig import ClientRig
from tests.clients.walks import Walk, allowed, refusal
from tests.gateway.rig import Agent, Answer

ME = pwd.getpwuid(os.getuid()).pw_name


@contextmanager
def approvers(rig: ClientRig) -> Iterator[httpx.Client]:
    """Somebody may approve, for as long as the context lasts; their way in."""
    file = rig.policies / "approvals.yaml"
    before = file.read_text()
    file.write_text(f"templates: {{irreversible: {{approvers: [{ME}]}}}}\n")
    rig.admin.post("/policy/reload").raise_for_status()
    try:
        yield rig.admin
    finally:
        file.write_text(before)
        rig.admin.post("/policy/reload").raise_for_status()


def forget(agent: Agent, name: str) -> Answer:
    """A call that waits for a person."""
    return agent.request("DELETE", f"/problem/files/{name}")


def waits(got: Answer) -> str:
    """The end of a walk that leads to a person."""
    assert got.headers.get("x-doorless-hold"), got.body
    return "person"


def said_no(rig: ClientRig) -> str:
    """Refused, with a reason; something else is still open to the agent."""
    agent = rig.agent("client")
    with approvers(rig) as admin:
        hold = forget(agent, "no").headers["x-doorless-hold"]
        admin.post(f"/holds/{hold}/refuse", json={"reason": "not today"}).raise_for_status()
        got = forget(agent, "no")
        refusal(got, "hold.refused", "ask for something else")
        assert "not today" in got.json["detail"]
        return allowed(agent.get("/problem/things"))


def used(rig: ClientRig) -> str:
    """The same call twenty times at once on one approval: one is made, and the others are told to look at that one."""
    agent = rig.agent("client")
    with approvers(rig) as admin:
        for turn in range(20):
            name = f"used-{turn}"
            hold = forget(agent, name).headers["x-doorless-hold"]
            admin.post(f"/holds/{hold}/approve", json={}).raise_for_status()
            with ThreadPoolExecutor(20) as pool:
                answers = list(pool.map(lambda _: forget(agent, name), range(20)))  # noqa: B023 - awaited here
            [made] = [got for got in answers if got.status == 200]
            spent = [got for got in answers if got.status != 200 and got.json["code"] == "hold.used"]
            if spent:
                refusal(spent[0], "hold.used", "Look at what that call answered")
                return allowed(made)
    raise AssertionError("no two of them ever met")


def body_unread(rig: ClientRig) -> str:
    """Over a mebibyte, its length not announced: nobody could approve it. With less it waits."""
    agent = rig.agent("client")
    head = b"DELETE /problem/files/long HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
    with approvers(rig):
        told = agent.raw(head + b"110000\r\n" + b"x" * 0x110000 + b"\r\n0\r\n\r\n")
        assert b"hold.body_unread" in told, told[:300]
        assert b"Send less in one request." in told
        return waits(agent.request("DELETE", "/problem/files/long", b"x"))


def too_many(rig: ClientRig) -> str:
    """A hundred wait; when one of them is over, the next one may wait."""
    agent = rig.agent("client")
    with approvers(rig) as admin:
        first = forget(agent, "0").headers["x-doorless-hold"]
        for number in range(1, MOST_OF_WORKFLOW):
            waits(forget(agent, str(number)))
        refusal(
            forget(agent, "more"), "hold.too_many", "Wait until some of them are approved, refused or over."
        )
        admin.post(f"/holds/{first}/refuse", json={"reason": "no"}).raise_for_status()
        return waits(forget(agent, "more"))


def in_the_moment(code: str) -> Walk:
    """What was taken away between the answer and the act: a race, so its words are read, and then followed."""
    denials = {"hold.policy_changed": VOID, "hold.changed": CHANGED, "grant.revoked": REVOKED}

    def walk(rig: ClientRig) -> str:
        shown: Any = refusal_of(denials[code], "d-1")
        assert code in shown.message
        assert "end the request again" in shown.message
        agent = rig.agent("client")
        with approvers(rig):
            return waits(forget(agent, "again"))

    return walk

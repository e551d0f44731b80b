"""The approvers' socket: a second real user of this machine decides holds there, and can do nothing else there."""

import asyncio
import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.holding.approvers import Approvers, Place, PlaceUnusable, serve_approvers
from tests.gateway.rig import REPOSITORY, Agent, Rig

ME = pwd.getpwuid(os.getuid()).pw_name
SECOND = pwd.getpwnam("daemon")
STRANGER = pwd.getpwnam("games")
GROUP = grp.getgrgid(SECOND.pw_gid).gr_name
TERMS = (
    "templates: {{irreversible: {{approvers: [{names}], needed: {needed}, expires_in_s: 600}},"
    " merge: {{approvers: [{me}]}}}}\n"
)


class ApproversRig(Rig):
    """A gateway with a socket for approvers beside the operator."""

    place: Path

    def gateway_flags(self) -> tuple[str, ...]:
        """With that socket, in a folder that its group can enter."""
        if not hasattr(self, "place"):
            self.place = Path(tempfile.mkdtemp(prefix="dl-"))
            os.chown(self.place, -1, SECOND.pw_gid)
            self.place.chmod(0o750)
            self._open.callback(shutil.rmtree, self.place, ignore_errors=True)
        socket = str(self.place / "approve.sock")
        return (*super().gateway_flags(), "--approvals-socket", socket, "--approvals-group", GROUP)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApproversRig]:
    """Two persons must approve: the user of these tests, and another one."""
    rig = ApproversRig(tmp_path_factory.mktemp("home"))
    try:
        set_terms(rig, ME, SECOND.pw_name)
        yield rig
    finally:
        rig.close()


def set_terms(rig: Rig, *names: str, needed: int = 2) -> None:
    """Bring other approvers into force."""
    text = TERMS.format(names=", ".join(names), needed=needed, me=ME)
    (rig.policies / "approvals.yaml").write_text(text)
    assert rig.admin.post("/policy/reload").status_code == 200


def held(agent: Agent, name: str) -> str:
    """A call that waits."""
    hold: str = agent.request("DELETE", f"/notes/notes/{name}").headers["x-doorless-hold"]
    return hold


def second(
    rig: ApproversRig, *words: str, user: pwd.struct_passwd = SECOND
) -> "subprocess.CompletedProcess[str]":
    """The second person's command: a process of that user, with no way into the home."""
    drop = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={SECOND.pw_gid}", "--clear-groups", "--"]
    command = [
        sys.executable,
        "-m",
        "doorless",
        "approvals",
        *words,
        "--socket",
        str(rig.place / "approve.sock"),
    ]
    return subprocess.run(
        [*drop, *command], capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=60
    )


AS_USER = """
import http.client, os, socket, sys
os.setgroups([]); os.setgid({gid}); os.setuid({uid})
connection = http.client.HTTPConnection("gateway", timeout=10)
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect({path!r})
connection.request({method!r}, {target!r}, {body!r})
answer = connection.getresponse()
print(answer.status)
print(answer.read().decode())
"""


def ask(
    rig: ApproversRig, method: str, target: str, body: str | None = None, *, uid: int = SECOND.pw_uid
) -> tuple[int, str]:
    """One raw request by a user."""
    path = str(rig.place / "approve.sock")
    body = body or ("" if method == "POST" else None)
    program = AS_USER.format(gid=SECOND.pw_gid, uid=uid, path=path, method=method, target=target, body=body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode:
        return 0, done.stderr.splitlines()[-1]
    status, _, text = done.stdout.partition("\n")
    return int(status), text


def test_two_persons_with_two_uids_approve_what_needs_two(rig: ApproversRig) -> None:
    """The operator on the home's own socket, the other one on the approvers': each is who the kernel says, and both count."""
    agent = rig.agent()
    hold = held(agent, "eyes")
    listed = json.loads(second(rig, "list", "--json").stdout)
    assert [one["hold"] for one in listed["holds"]] == [hold]
    shown = second(rig, "show", hold)
    assert "DELETE /notes/eyes on notes, route purge" in shown.stdout, shown.stderr
    assert "needs 1 more person" in second(rig, "approve", hold).stdout
    assert held(agent, "eyes") == hold
    said = rig.admin.post(f"/holds/{hold}/approve", json={}).json()
    assert [one["approver"] for one in said["approved_by"]] == [SECOND.pw_name, ME]
    assert agent.request("DELETE", "/notes/notes/eyes").status == 200
    assert rig.event("hold.delivered", agent.workflow).detail["to"] == SECOND.pw_name


def test_one_person_is_not_two_at_two_doors(rig: ApproversRig) -> None:
    """Who said yes at one socket hears at the other that it counts once."""
    hold = held(rig.agent(), "doors")
    assert ask(rig, "POST", f"/holds/{hold}/approve")[0] == 200
    status, told = ask(rig, "POST", f"/holds/{hold}/approve")
    assert (status, json.loads(told)["code"]) == (409, "hold.approved_already")


def test_the_second_person_refuses_with_a_reason(rig: ApproversRig) -> None:
    """And the agent reads it."""
    agent = rig.agent()
    hold = held(agent, "no")
    assert ask(rig, "POST", f"/holds/{hold}/refuse", '{"reason": "not while I am on call"}')[0] == 200
    assert "on call" in agent.request("DELETE", "/notes/notes/no").json["detail"]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/status"),
        ("GET", "/channels"),
        ("DELETE", "/channels"),
        ("POST", "/policy/reload"),
        ("GET", "/grants"),
        ("POST", "/grants"),
        ("GET", "/holds/watch"),
        ("POST", "/holds/h-1/delivered"),
    ],
)
def test_nothing_but_holds_is_there(rig: ApproversRig, method: str, target: str) -> None:
    """Channels, policy, grants and the kill switch are the operator's: with the operator's routes served there this said 200."""
    status, _ = ask(rig, method, target)
    assert status in {404, 405}


def test_whom_the_policy_does_not_name_gets_nothing(rig: ApproversRig) -> None:
    """Of the right group and not named: cut off before a byte is read, and the command says why that may be."""
    status, why = ask(rig, "GET", "/holds", uid=STRANGER.pw_uid)
    assert (status, "RemoteDisconnected" in why or "Reset" in why or "BrokenPipe" in why) == (0, True), why
    told = second(rig, "list", user=STRANGER)
    assert told.returncode == 3
    assert "approvals.yaml" in told.stderr


def test_other_persons_holds_are_not_shown(rig: ApproversRig) -> None:
    """A hold that somebody else must decide does not exist for this one."""
    set_terms(rig, ME, needed=1)
    try:
        hold = held(rig.agent(), "mine")
        rig.policies.joinpath("approvals.yaml").write_text(
            TERMS.format(names=ME, needed=1, me=f"{ME}, {SECOND.pw_name}")
        )
        assert rig.admin.post("/policy/reload").status_code == 200
        told = json.loads(ask(rig, "GET", "/holds")[1])
        assert (hold in str(told), told["count"]) == (False, len(told["holds"]))
        for target in (f"/holds/{hold}", f"/holds/{hold}/account"):
            assert ask(rig, "GET", target)[0] == 404
        assert ask(rig, "POST", f"/holds/{hold}/approve")[0] in {403, 409}
    finally:
        set_terms(rig, ME, SECOND.pw_name)


def test_who_is_struck_off_is_heard_no_more(rig: ApproversRig) -> None:
    """With the next policy their connections are of no use: the name is looked up for every request."""
    set_terms(rig, ME, needed=1)
    try:
        assert ask(rig, "GET", "/holds")[0] == 0
    finally:
        set_terms(rig, ME, SECOND.pw_name)


def test_the_socket_is_for_its_group_alone(rig: ApproversRig) -> None:
    """0660 with that group; the home's own socket stays 0600."""
    about = (rig.place / "approve.sock").stat()
    assert (about.st_mode & 0o777, about.st_gid) == (0o660, SECOND.pw_gid)
    assert (rig.run / "gateway.sock").stat().st_mode & 0o777 == 0o600


def test_a_request_that_can_be_read_in_two_ways_is_refused(rig: ApproversRig) -> None:
    """The same strict parser as for agents."""
    program = AS_USER.format(
        gid=SECOND.pw_gid,
        uid=SECOND.pw_uid,
        path=str(rig.place / "approve.sock"),
        method="",
        target="",
        body=None,
    ).partition("connection.request")[0]
    program += (
        'connection.sock.sendall(b"GET /holds HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1\\r\\n'
        'Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n")\n'
        "print(connection.sock.recv(9000).split(b' ')[1].decode())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "400", done.stderr


def test_who_started_the_workflow_is_not_heard_where_policy_says_so(rig: ApproversRig) -> None:
    """The kernel told who opened the channel; that person is no approver of its calls, at whichever socket."""
    text = f"templates: {{irreversible: {{approvers: [{ME}, {SECOND.pw_name}], not_starter: true}}}}\n"
    (rig.policies / "approvals.yaml").write_text(text)
    assert rig.admin.post("/policy/reload").status_code == 200
    try:
        agent = rig.agent()
        hold = held(agent, "starter")
        said = rig.admin.post(f"/holds/{hold}/approve", json={})
        assert said.json()["code"] == "hold.not_an_approver"
        assert rig.admin.get(f"/holds/{hold}").json()["approvers"] == [SECOND.pw_name]
        assert ask(rig, "POST", f"/holds/{hold}/approve")[0] == 200
        assert agent.request("DELETE", "/notes/notes/starter").status == 200
        text = f"templates: {{irreversible: {{approvers: [{ME}], not_starter: true}}}}\n"
        (rig.policies / "approvals.yaml").write_text(text)
        assert rig.admin.post("/policy/reload").status_code == 200
        assert agent.request("DELETE", "/notes/notes/alone").json["code"] == "hold_no_approver"
    finally:
        set_terms(rig, ME, SECOND.pw_name)


@pytest.mark.parametrize(
    ("mode", "group", "said"),
    [
        (0o777, GROUP, "nobody else may write"),
        (0o755, "no-such-group", "no group"),
        (0, GROUP, "must be there"),
    ],
)
def test_an_unsafe_place_is_refused(tmp_path: Path, mode: int, group: str, said: str) -> None:
    """Where others can write they could put a socket of their own in its place."""
    folder = tmp_path / "p"
    if mode:
        folder.mkdir()
        folder.chmod(mode)

    async def serve() -> None:
        nobody: Any = Approvers.__new__(Approvers)
        async with serve_approvers(nobody, Place(folder / "s", group)):
            raise AssertionError("it was served")

    with pytest.raises(PlaceUnusable, match=said):
        asyncio.run(serve())
    assert not (folder / "s").exists()

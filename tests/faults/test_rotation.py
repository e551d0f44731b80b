"""Keys rotated and workflows revoked under load, with the real issuer, gateway and the orchestrator's renewals."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from issuer import keys
from issuer.keyset import SigningKey, read_pem
from issuer.token import Claims, sign
from tests.doorless.conftest import free_port
from tests.faults.load import Load, Witness, account
from tests.faults.quick_issuer import WINDOW
from tests.faults.stack import tokens_of
from tests.gateway.peers import Loop, Received
from tests.gateway.rig import Agent, Lease, Rig, start, stop, until
from workflows.failure import Failure
from workflows.gateway_client import GatewayClient
from workflows.issuer_client import IssuerClient
from workflows.model import Token
from workflows.renewal import keep_renewed

ENOUGH = 2_000


class RigWithIssuer(Rig):
    """A real gateway and a real issuer whose rotation and tokens are short."""

    def _start(self) -> None:
        self._prepare()
        rule = self.policies / "token/rules/issue_token/issue_token.rego"
        text = rule.read_text()
        assert "min([input.ttl_s, 300])" in text
        rule.write_text(text.replace("min([input.ttl_s, 300])", f"min([input.ttl_s, {WINDOW.stay_s}])"))
        self.keys = self.home / "keys"
        keys.create(self.keys)
        self.secret = secrets.token_urlsafe(16)
        (self.home / "notes.secret").write_text(self.secret)
        (self.home / "servers.yaml").write_text("notes: notes.secret\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.audit = self.start_audit()
        self._open.callback(lambda: stop(self.audit))
        self.gateway = self.start_gateway()
        self._open.callback(lambda: stop(self.gateway))
        issuer = start("tests.faults.quick_issuer", *self._issuer_flags())
        self._open.callback(lambda: stop(issuer))
        self.witness = Witness(self.home / "log")
        self.upstream.answer = self.witness

    def gateway_flags(self) -> tuple[str, ...]:
        flags = [*super().gateway_flags()]
        flags[flags.index("--issuer-url") + 1] = self.url
        return tuple(flags)

    def _issuer_flags(self) -> tuple[str, ...]:
        flags: dict[str, Path | str] = {
            "--control-socket": self.run / "issuer.sock",
            "--listen": self.url.removeprefix("http://"),
            "--issuer-url": self.url,
            "--keys": self.keys,
            "--run": self.run,
            "--audit-socket": self.run / "audit.sock",
            "--resource-servers": self.home / "servers.yaml",
        }
        return tuple(str(part) for pair in flags.items() for part in pair)

    def ask(self, part: str, method: str, path: str, document: object = None) -> httpx.Response:
        """One call of a part's socket."""
        transport = httpx.HTTPTransport(uds=str(self.run / f"{part}.sock"))
        with httpx.Client(transport=transport, base_url="http://part", timeout=15) as client:
            return client.request(method, path, json=document)

    def rotate(self) -> str:
        """Rotate; the new key's id."""
        kid: str = self.ask("issuer", "POST", "/keys/rotate").json()["kid"]
        return kid

    def published(self) -> set[str]:
        """The ids of the published keys."""
        return {key["kid"] for key in self.ask("issuer", "GET", "/.well-known/jwks.json").json()["keys"]}

    def renewed(self, workflow: str) -> list[str]:
        """Fresh tokens of an active workflow."""
        return tokens_of(self.ask("issuer", "POST", f"/workflows/{workflow}/tokens").json())

    def introspect(self, token: str) -> bool:
        """Whether the token counts, by the issuer's public face."""
        with httpx.Client(trust_env=False, auth=("notes", self.secret)) as client:
            return bool(client.post(self.url + "/introspect", data={"token": token}).json()["active"])

    def private_key(self) -> SigningKey:
        """The only key so far, as a thief would copy it."""
        [pem] = self.keys.glob("*.pem")
        return read_pem(pem.read_bytes())

    @contextmanager
    def workflow(self) -> Iterator["Orchestrated"]:
        """A workflow at work, as long as this context."""
        with ExitStack() as undo:
            yield Orchestrated(self, undo)

    def forged(self, workflow: str, key: SigningKey) -> str:
        """A token of now, right in everything, by this key."""
        now = int(time.time())
        return sign(
            Claims(
                issuer=self.url,
                audience="notes",
                workflow=workflow,
                role="writer",
                scope=("read:notes",),
                txn="t",
                jti=secrets.token_urlsafe(8),
                issued_at=now,
                expires_at=now + WINDOW.stay_s,
            ),
            key,
        )


class Orchestrated:
    """A workflow with its channel, renewed as `doorless run` renews it; what must be undone goes on the stack."""

    def __init__(self, rig: "RigWithIssuer", undo: ExitStack) -> None:
        reply = rig.ask("issuer", "POST", "/workflows", {"role": "writer", "ttl_s": 600})
        assert reply.status_code == 201, reply.text
        started = reply.json()
        self.workflow: str = started["workflow"]
        self.tokens = tokens_of(started)
        lease = Lease(rig.run / "gateway.sock", self.workflow, self.tokens)
        undo.callback(lease.hang_up)
        self.agent = Agent(lease.opened)
        undo.callback(self.agent.close)
        loop = Loop()
        undo.callback(loop.close)
        self.renewing: Future[Failure] = asyncio.run_coroutine_threadsafe(
            _renewed(rig, self.workflow, started), loop.loop
        )


async def _renewed(rig: RigWithIssuer, workflow: str, started: dict[str, Any]) -> Failure:
    tokens = tuple(
        Token(each["audience"], tuple(each["scope"]), each["token"], each["expires_at"])
        for each in started["tokens"]
    )
    async with (
        IssuerClient(rig.run / "issuer.sock") as issuer,
        GatewayClient(rig.run / "gateway.sock") as gateway,
    ):
        return await keep_renewed(issuer, gateway, workflow, started["expires_at"], tokens)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RigWithIssuer]:
    """Real parts for both tests: neither leaves the other anything but a log."""
    made = RigWithIssuer(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


def test_key_rotated(rig: RigWithIssuer) -> None:
    """Two rotations under load: no request is refused, and after its window an old key proves nothing any more.

    Guards removed, one at a time: with keys kept by the gateway, as they once were, it took tokens of the old key after its window;
    without the stay after the switch the old key was refused within its window; with a lead that does not end it never went.
    """
    with rig.workflow() as orchestrated, Load(orchestrated.agent, rig.witness, 8) as load:
        workflow, stolen = orchestrated.workflow, rig.private_key()
        first = rig.rotate()
        load.wait(lambda: _kid(rig.renewed(workflow)[0]) == first, "the first token of the new key")
        assert _accepts(rig, workflow, rig.forged(workflow, stolen)), "within its window"
        assert rig.introspect(rig.forged(workflow, stolen))
        load.wait(lambda: stolen.kid not in rig.published(), "the end of the old key")
        forged = rig.forged(workflow, stolen)
        assert not _accepts(rig, workflow, forged)
        assert not rig.introspect(forged)
        load.wait(lambda: not (rig.keys / f"{stolen.kid}.pem").exists(), "the end of its file")
        second = rig.rotate()
        load.wait(lambda: first not in rig.published(), "the end of the second key")
        load.total(ENOUGH)
        assert not orchestrated.renewing.done()
    counted = account(load)
    print(counted)
    assert counted.refused.total() == 0
    assert {_kid(_bearer(each)) for each in rig.upstream.received} >= {stolen.kid, first, second}


def _accepts(rig: RigWithIssuer, workflow: str, token: str) -> bool:
    """Whether the gateway takes a token of the workflow; the good ones are handed over again at once."""
    reply = rig.ask("gateway", "PUT", f"/channels/{workflow}/tokens", {"tokens": [token]})
    if reply.status_code == 200:
        again = {"tokens": rig.renewed(workflow)}
        assert rig.ask("gateway", "PUT", f"/channels/{workflow}/tokens", again).status_code == 200
        return True
    assert (reply.status_code, reply.json()["code"]) == (403, "token_refused")
    assert reply.json()["message"].startswith("token.key_unknown")
    return False


def _kid(token: str) -> str:
    kid: str = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))["kid"]
    return kid


def _bearer(received: Received) -> str:
    return received.headers[b"authorization"].split()[1].decode()


def test_workflow_revoked(rig: RigWithIssuer) -> None:
    """After the issuer has answered a revocation not one request passes; and its living tokens open nothing again.

    Guard removed: without the question whether the workflow is active, they opened a channel for the rest of their life.
    """
    with rig.workflow() as orchestrated:
        with Load(orchestrated.agent, rig.witness, 8) as load:
            revoked = rig.ask("issuer", "DELETE", f"/workflows/{orchestrated.workflow}?reason=revoked")
            at = time.monotonic()
            assert revoked.status_code == 200
            until(lambda: not orchestrated.agent.socket.exists())
            closed = time.monotonic()
            load.wait(lambda: load.codes()["broken"] >= 8, "the end of the connections")
        print(account(load), f"closed after {closed - at:.3f} s")
        assert closed - at < 1.0
        assert not [s for s in load.seen if s.status == 200 and s.sent > closed]
        again = {"workflow": orchestrated.workflow, "tokens": orchestrated.tokens}
        assert rig.introspect(orchestrated.tokens[0]) is False
        refused = rig.ask("gateway", "POST", "/channels", again)
        assert (refused.status_code, refused.json()["code"]) == (403, "token_refused")
        assert refused.json()["message"].startswith("token.workflow_ended")

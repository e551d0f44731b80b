"""A hold reaches a webhook: signed, again until it is taken, under one id; with a gateway's socket and a receiver that are real."""

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from console.app import Console
from console.delivery import Clock, Hold, deliver
from console.settings import Settings, parse
from console.signature import SecretInvalid, Signer

KEY = hashlib.sha256(b"a key of this test").digest()
SECRET = "whsec_" + base64.b64encode(KEY).decode()
HOLD: dict[str, Any] = {
    "hold": "h-1",
    "state": "open",
    "workflow": "wf-1",
    "role": "cleaner",
    "service": "notes",
    "target": "DELETE /notes/7",
    "digest": "a" * 64,
    "decision": "d-1",
    "opened_at": 1_000,
    "expires_at": 1_600,
    "approvers": ["ada"],
    "needed": 1,
    "reason": "what else the gateway tells",
}


class Receiver:
    """Where persons read: answers with these statuses in turn, then with 204."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.taken = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """Take one message."""
        self.received.append((dict(request.headers), await request.read()))
        status = self._statuses.pop(0) if self._statuses else 204
        if status < 300:
            self.taken.set()
        return web.Response(status=status, headers={"location": "/elsewhere"} if status == 307 else {})

    async def serve(self) -> tuple[web.AppRunner, str]:
        """Listen on a free port."""
        runner = await _runner("/hook", self.answer, "POST")
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"


async def _runner(path: str, handler: Any, method: str) -> web.AppRunner:
    application = web.Application()
    application.router.add_route(method, path, handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    return runner


def verified(headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it, by the words of the specification."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    return headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the specification's reference libraries, computed anew: key, id, time and body give this value."""
    signer = Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_%%%", "whsec_c2hvcnQ=", base64.b64encode(KEY).decode()]
)
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    """Too short, not base64, without its prefix: signing with it would protect nothing."""
    with pytest.raises(SecretInvalid):
        Signer(secret)


def test_a_hold_is_sent_again_until_it_is_taken() -> None:
    """Errors and redirects are not taken; every attempt has the same id and a signature of its own."""

    async def story() -> None:
        receiver = Receiver(500, 307, 404)
        runner, url = await receiver.serve()
        times = iter(range(1_001, 1_100))
        hold = Hold(**{name: HOLD[name] for name in Hold.__struct_fields__})
        async with httpx.AsyncClient() as http:
            clock = Clock(lambda: next(times), waits_s=(0.0,))
            assert await deliver(http, url, Signer(SECRET), hold, clock)
        await runner.cleanup()
        assert len(receiver.received) == 4
        lowered = [({k.lower(): v for k, v in headers.items()}, body) for headers, body in receiver.received]
        assert {headers["webhook-id"] for headers, _ in lowered} == {"h-1"}
        assert all(verified(headers, body) for headers, body in lowered)
        assert len({headers["webhook-timestamp"] for headers, _ in lowered}) == 4
        assert json.loads(lowered[0][1])["data"]["target"] == "DELETE /notes/7"

    asyncio.run(story())


def test_a_hold_whose_time_is_over_is_not_sent() -> None:
    """Nobody could act on it."""

    async def story() -> None:
        receiver = Receiver(500)
        runner, url = await receiver.serve()
        hold = Hold(**{name: HOLD[name] for name in Hold.__struct_fields__})
        times = iter([1_599, 1_599, 1_600])
        async with httpx.AsyncClient() as http:
            assert not await deliver(
                http, url, Signer(SECRET), hold, Clock(lambda: next(times), waits_s=(0.0,))
            )
        await runner.cleanup()
        assert len(receiver.received) == 1

    asyncio.run(story())


def test_what_the_gateway_opens_is_sent_and_its_delivery_told(tmp_path: Path) -> None:
    """From the gateway's stream, past its signs of life, to the receiver, and back to the gateway."""

    async def story() -> None:
        told = asyncio.Event()

        async def watch(request: web.Request) -> web.StreamResponse:
            stream = web.StreamResponse()
            await stream.prepare(request)
            await stream.write(b"\n" + json.dumps({**HOLD, "expires_at": 4_000_000_000}).encode() + b"\n")
            await told.wait()
            return stream

        async def delivered(_: web.Request) -> web.Response:
            told.set()
            return web.json_response({})

        gateway = await _gateway(tmp_path / "gateway.sock", watch, delivered)
        receiver = Receiver()
        runner, url = await receiver.serve()
        settings = Settings(tmp_path / "gateway.sock", url, tmp_path / "secret")
        console = Console(settings, Signer(SECRET), Clock(lambda: 1_001))
        following = asyncio.create_task(console.follow())
        async with asyncio.timeout(10):
            await told.wait()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert len(receiver.received) == 1
        await runner.cleanup()
        await gateway.cleanup()

    asyncio.run(story())


async def _gateway(path: Path, watch: Any, delivered: Any) -> web.AppRunner:
    application = web.Application()
    application.router.add_get("/holds/watch", watch)
    application.router.add_post("/holds/h-1/delivered", delivered)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    return runner


@pytest.mark.parametrize(
    "url", ["http://example.org/hook", "ftp://127.0.0.1/", "https://user@example.org/", "hook"]
)
def test_a_webhook_that_anybody_could_read_is_refused(url: str) -> None:
    """Plain HTTP leaves this machine unprotected; a user in an address would show in logs."""
    with pytest.raises(SystemExit):
        parse(["--gateway-socket", "s", "--webhook", url, "--secret", "f"])

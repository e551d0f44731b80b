"""A hold reaches a webhook: signed, again until it is taken, under one id; with a gateway's socket and a receiver that are real."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from aiohttp import web

from console.app import Console
from console.delivery import Clock, Hold, Way, deliver, message_of
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


def example() -> Hold:
    """A hold as the console reads it."""
    return Hold(**{name: HOLD[name] for name in Hold.__struct_fields__})


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


async def yes() -> bool:
    """It waits still."""
    return True


def way(http: httpx.AsyncClient, url: str, clock: Clock, waits: Callable[[], Awaitable[bool]] = yes) -> Way:
    """To a receiver, with the secret of these tests."""
    return Way(http, url, Signer(SECRET), clock, waits, asyncio.Semaphore(8))


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
        hold = example()
        async with httpx.AsyncClient() as http:
            clock = Clock(lambda: next(times), waits_s=(0.0,))
            assert await deliver(hold, way(http, url, clock))
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
        hold = example()
        times = iter([1_599, 1_599, 1_600])
        async with httpx.AsyncClient() as http:
            assert not await deliver(hold, way(http, url, Clock(lambda: next(times), waits_s=(0.0,))))
        await runner.cleanup()
        assert len(receiver.received) == 1

    asyncio.run(story())


def test_a_receiver_that_never_ends_its_answer_holds_nothing_up() -> None:
    """A byte of a header now and then: with a deadline for each read alone the attempt lasted as long as it liked."""

    async def story() -> None:
        received, gone = asyncio.Event(), asyncio.Event()

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
            received.set()
            try:
                while True:
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.sleep(0.01)
            except ConnectionError:
                writer.close()
                gone.set()

        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        times = iter([1_001, 1_001, 1_600])
        async with httpx.AsyncClient() as http:
            clock = Clock(lambda: next(times), waits_s=(0.0,), answer_s=0.3)
            async with asyncio.timeout(10):
                assert not await deliver(example(), way(http, url, clock))
        assert received.is_set()
        async with asyncio.timeout(10):
            await gone.wait()
        server.close()

    asyncio.run(story())


def test_what_was_decided_meanwhile_is_not_sent_again() -> None:
    """Its first attempt failed, then somebody decided it: nobody is asked for what is over."""

    async def story() -> None:
        receiver = Receiver(500, 500, 500)
        runner, url = await receiver.serve()
        answers = iter([True, False])

        async def waits() -> bool:
            return next(answers)

        async with httpx.AsyncClient() as http:
            assert not await deliver(example(), way(http, url, Clock(lambda: 1_001, waits_s=(0.0,)), waits))
        await runner.cleanup()
        assert len(receiver.received) == 2

    asyncio.run(story())


def test_a_message_holds_what_we_computed_and_nothing_secret() -> None:
    """Only the fields that are named here travel: not the reason of a refusal, not the nonce, nothing of a body."""
    told = json.loads(message_of(msgspec.convert({**HOLD, "kept": "f" * 64, "nonce": "n"}, Hold)))
    assert set(told["data"]) == {*Hold.__struct_fields__, "show", "approve"}
    assert not {"kept", "nonce", "reason", "why"} & set(told["data"])


def test_a_gateway_that_comes_back_does_not_send_everything_anew(tmp_path: Path) -> None:
    """What was taken is known by its id until it is over: each restart sent all that waited once more."""

    async def story() -> None:
        told: list[str] = []
        first, served = asyncio.Event(), asyncio.Event()

        async def watch(request: web.Request) -> web.StreamResponse:
            if len(told) > 1:
                served.set()
            stream = web.StreamResponse()
            await stream.prepare(request)
            await stream.write(json.dumps({**HOLD, "expires_at": 4_000_000_000}).encode() + b"\n")
            await first.wait()
            told.append("again")
            return stream

        async def delivered(_: web.Request) -> web.Response:
            told.append("delivered")
            first.set()
            return web.json_response({})

        gateway = await _gateway(tmp_path / "gateway.sock", watch, delivered)
        receiver = Receiver()
        runner, url = await receiver.serve()
        settings = Settings(tmp_path / "gateway.sock", url, tmp_path / "secret")
        following = asyncio.create_task(Console(settings, Signer(SECRET), Clock(lambda: 1_001)).follow())
        async with asyncio.timeout(20):
            await served.wait()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert told.count("delivered") == 1
        assert len(receiver.received) == 1
        await runner.cleanup()
        await gateway.cleanup()

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

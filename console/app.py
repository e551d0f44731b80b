"""The console's composition: follows the gateway's holds and sends each new one on, until SIGTERM.

Holds that wait when it starts are sent too; who takes them knows them by their id.
"""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator

import httpx
import msgspec

from console.delivery import Clock, Hold, Way, deliver
from console.settings import Settings, parse
from console.signature import SecretInvalid, Signer

EX_CONFIG = 78
AGAIN_S = 1.0
"""How long after the gateway went away it is looked for again."""
QUIET_S = 60.0
"""The gateway gives a sign of life every 15 s; without one for so long it is gone."""

AT_ONCE = 8
"""Attempts under way: a receiver that comes back is not flooded with all that waited for it."""

_LOGGER = logging.getLogger("console")


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code is documented in `--help`."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", stream=sys.stderr)
    settings = parse(arguments)
    try:
        signer = Signer(settings.secret.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, SecretInvalid) as error:
        print(f"console: the webhook's secret cannot be used: {error}", file=sys.stderr)
        return EX_CONFIG
    asyncio.run(_serve(settings, signer))
    return 0


async def _serve(settings: Settings, signer: Signer) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    console = Console(settings, signer, Clock(lambda: int(time.time())))
    following = asyncio.create_task(console.follow())
    print("ready", flush=True)
    await stopped.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


class Console:
    """Sends holds on."""

    def __init__(self, settings: Settings, signer: Signer, clock: Clock) -> None:
        self._settings = settings
        self._signer = signer
        self._clock = clock
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._taken: dict[str, int] = {}
        """What was delivered, by its name, and when it is over: a gateway that comes back tells it again."""
        self._room = asyncio.Semaphore(AT_ONCE)

    async def follow(self) -> None:
        """Follow the gateway for as long as there is one, and look for it again when it went away."""
        transport = httpx.AsyncHTTPTransport(uds=str(self._settings.gateway_socket))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://gateway", trust_env=False) as gateway,
            httpx.AsyncClient(trust_env=False) as web,
        ):
            try:
                while True:
                    async for hold in _holds(gateway):
                        self._send(gateway, web, hold)
                    self._taken = {name: end for name, end in self._taken.items() if end > self._clock.now()}
                    await asyncio.sleep(AGAIN_S)
            finally:
                for task in self._sending.values():
                    task.cancel()
                await asyncio.gather(*self._sending.values(), return_exceptions=True)

    def _send(self, gateway: httpx.AsyncClient, web: httpx.AsyncClient, hold: Hold) -> None:
        if hold.hold not in self._sending and hold.hold not in self._taken:
            task = asyncio.create_task(self._deliver(gateway, web, hold))
            self._sending[hold.hold] = task
            task.add_done_callback(lambda _: self._sending.pop(hold.hold, None))

    async def _deliver(self, gateway: httpx.AsyncClient, web: httpx.AsyncClient, hold: Hold) -> None:
        async def waits() -> bool:
            return await _waits(gateway, hold)

        way = Way(web, self._settings.webhook, self._signer, self._clock, waits, self._room)
        if not await deliver(hold, way):
            return
        try:
            await gateway.post(f"/holds/{hold.hold}/delivered")
            self._taken[hold.hold] = hold.expires_at
        except httpx.HTTPError as error:
            _LOGGER.warning("the gateway was not told of a delivery: %s", type(error).__name__)


async def _waits(gateway: httpx.AsyncClient, hold: Hold) -> bool:
    """Whether nobody has decided it; a gateway that does not answer has not said that anybody did."""
    try:
        answer = await gateway.get(f"/holds/{hold.hold}")
        return answer.status_code == httpx.codes.OK and answer.json()["state"] == "open"
    except (httpx.HTTPError, ValueError, KeyError):
        return True


async def _holds(gateway: httpx.AsyncClient) -> AsyncIterator[Hold]:
    """Holds as they are opened, until the gateway goes away."""
    try:
        async with gateway.stream("GET", "/holds/watch", timeout=httpx.Timeout(10.0, read=QUIET_S)) as answer:
            async for line in answer.aiter_lines():
                if line:
                    yield msgspec.json.decode(line, type=Hold)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        _LOGGER.warning("the gateway's holds cannot be followed: %s", type(error).__name__)

"""The operator's sockets as the proof uses them: workflows at the issuer, channels at the gateway.

A `Workflow` is held open by its lease, and everything about it ends when the lease is let go.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_PATIENCE_S = 10.0
LIFE_S = 300


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow with an open channel."""

    id: str
    role: str
    tokens: dict[str, str]
    """By service."""
    path: Path
    """Of its socket."""
    uid: int
    lease: AsyncIterator[str]

    def connect(self) -> socket.socket:
        """A connection to the channel as the workflow's own uid. Raises `OSError` where it takes none.

        The channel is the kernel's word on who connects, and that is our effective uid at this moment. Nothing else
        runs in this thread meanwhile.
        """
        made = socket.socket(socket.AF_UNIX)
        folder = os.open(self.path.parent, os.O_PATH)
        ours = os.geteuid()
        try:
            # Through the descriptor: the workflow's uid may not walk the folders above.
            place = f"/proc/self/fd/{folder}/{self.path.name}"
            if ours == 0:
                os.seteuid(self.uid)
            made.connect(place)
        except OSError:
            made.close()
            raise
        finally:
            if os.geteuid() != ours:
                os.seteuid(ours)
            os.close(folder)
        return made

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The same, as streams."""
        made = self.connect()
        made.setblocking(False)
        return await asyncio.open_unix_connection(sock=made)

    async def exchange(self, request: bytes, wait_s: float = 1.0) -> bytes:
        """Send raw bytes; everything that comes until the gateway closes or is silent for `wait_s` seconds."""
        reader, writer = await self.open()
        received = b""
        with contextlib.suppress(OSError):
            writer.write(request)
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                while chunk := await asyncio.wait_for(reader.read(65_536), wait_s):
                    received += chunk
        writer.close()
        return received

    async def get(self, target: str, wait_s: float = _PATIENCE_S) -> bytes:
        """One GET on a connection of its own; the whole answer."""
        request = f"GET {target} HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\r\n"
        return await self.exchange(request.encode("ascii"), wait_s)


class Control:
    """Both control sockets."""

    def __init__(self, issuer: Path, gateway: Path) -> None:
        self.issuer = _client(issuer)
        self.gateway = _client(gateway)

    async def close(self) -> None:
        """Let go of both."""
        await self.issuer.aclose()
        await self.gateway.aclose()

    async def start(self, role: str, ttl_s: int = LIFE_S) -> dict[str, Any]:
        """A new workflow with its tokens, as the issuer tells it. Raises `httpx.HTTPStatusError`."""
        asked = {"role": role, "ttl_s": ttl_s, "only": [], "task": "proof"}
        answer = await self.issuer.post("/workflows", json=asked)
        answer.raise_for_status()
        started: dict[str, Any] = answer.json()
        return started

    async def end(self, workflow: str) -> None:
        """End a workflow."""
        await self.issuer.delete(f"/workflows/{workflow}", params={"reason": "completed"})

    async def opens(self, workflow: str, tokens: list[str]) -> tuple[int, str]:
        """The gateway's answer to a wish for a channel: status, and what it says where it refuses.

        An opened channel's lease is let go at once, and that ends the workflow.
        """
        asked = {"workflow": workflow, "tokens": tokens}
        async with self.gateway.stream("POST", "/channels", json=asked) as answer:
            told = "" if answer.is_success else (await answer.aread()).decode("utf-8", "replace")
            return answer.status_code, told

    @asynccontextmanager
    async def workflow(self, role: str, ttl_s: int = LIFE_S) -> AsyncIterator[Workflow]:
        """A workflow with an open channel, for as long as the context lasts."""
        started = await self.start(role, ttl_s)
        tokens = {each["audience"]: each["token"] for each in started["tokens"]}
        asked = {"workflow": started["workflow"], "tokens": list(tokens.values())}
        try:
            async with self.gateway.stream("POST", "/channels", json=asked, timeout=None) as lease:
                lease.raise_for_status()
                lines = lease.aiter_lines()
                opened = json.loads(await anext(lines))
                place, uid = Path(opened["socket"]), opened["uid"]
                # The lines are kept: letting go of them would let go of the lease.
                yield Workflow(started["workflow"], role, tokens, place, uid, lines)
        finally:
            with contextlib.suppress(httpx.HTTPError):
                await self.end(started["workflow"])


def _client(place: Path) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(place))
    return httpx.AsyncClient(transport=transport, base_url="http://control", timeout=_PATIENCE_S)

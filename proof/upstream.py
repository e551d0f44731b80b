"""The service behind the gateway: a server that keeps every byte and forgives everything, as many real ones do.

It reads requests more loosely than any parser should, so that whatever slips through shows.
"""

import asyncio
import contextlib
import re
from typing import Final

from proof.reflections import REFLECTIONS
from proof.renderings import RENDERINGS

_TICK_S: Final = 0.05
_LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)")
_CHUNKED = re.compile(rb"(?im)^transfer-encoding:.*chunked")
_CREDENTIAL = re.compile(rb"(?im)^(?:authorization: bearer|x-api-key:)\s*(\S+)")
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"


class Upstream:
    """A raw HTTP server on one loopback port. `received` is every request, head and body as they came."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=1 << 20)

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def heard(self, mark: str) -> bool:
        """Whether a mark arrived in any request."""
        return self.count(mark) > 0

    def count(self, mark: str) -> int:
        """How many requests held a mark."""
        return sum(mark.encode() in request for request in self.received)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                at = len(self.received)
                self.received.append(head)
                self.received[at] += await _body(reader, head)
                await self._answer(head, writer)
        writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/reflect/"):
            credential = _CREDENTIAL.search(head)
            place, rendering = path.decode("ascii").split("/")[2:4]
            # Without a credential of ours there is nothing to reflect; the asker sees that by this word.
            secret = credential[1] if credential else b"no-credential-arrived"
            await REFLECTIONS[place](RENDERINGS[rendering](secret), writer)
        elif path == b"/stream":
            writer.write(_OK + b"transfer-encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"6\r\ntick\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(_TICK_S)
        else:
            writer.write(_OK + b"content-length: 2\r\n\r\nok")
            await writer.drain()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if length := _LENGTH.search(head):
        return await reader.readexactly(int(length[1]))
    body = b""
    if _CHUNKED.search(head):
        while (line := await reader.readline()).strip() not in {b"0", b""}:
            body += line + await reader.readexactly(int(line, 16) + 2)
        while line.strip():
            body += line
            line = await reader.readline()
    return body

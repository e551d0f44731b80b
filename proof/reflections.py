"""The ways in which a careless service shows the credential that it was given: one function a place in the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
Reflect = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


async def _in_body(text: bytes, writer: asyncio.StreamWriter) -> None:
    content = b"you sent: " + text + b" and that is all"
    writer.write(_OK + b"content-length: %d\r\n\r\n" % len(content) + content)
    await writer.drain()


async def _in_error(text: bytes, writer: asyncio.StreamWriter) -> None:
    content = b'{"error": "the key ' + text + b' is not known"}'
    writer.write(
        b"HTTP/1.1 500 Oh\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(content)
    )
    writer.write(content)
    await writer.drain()


async def _in_header(text: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(_OK + b'etag: "' + text + b'"\r\ncontent-length: 2\r\n\r\nok')
    await writer.drain()


async def _in_location(text: bytes, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/?k=" + text + b"\r\nset-cookie: s=" + text
    writer.write(head + b"\r\ncontent-length: 0\r\n\r\n")
    await writer.drain()


async def _in_pieces(text: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(_OK + b"transfer-encoding: chunked\r\n\r\n")
    for piece in (b"before ", *(text[at : at + 3] for at in range(0, len(text), 3)), b" after"):
        writer.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.001)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _in_trailer(text: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(
        _OK + b"transfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n2\r\nok\r\n0\r\nx-t: " + text + b"\r\n\r\n"
    )
    await writer.drain()


REFLECTIONS: Final[dict[str, Reflect]] = {
    "body": _in_body,
    "error": _in_error,
    "header": _in_header,
    "location": _in_location,
    "pieces": _in_pieces,
    "trailer": _in_trailer,
}
"""By place."""

"""A false OPA: the real one behind a socket of ours, whose decisions are spoilt as a file says.

Started as `opa_front.py REAL MODE ARGUMENTS…`. Anything but `run` is the real program's. With `run` the real one is
started behind, everything is passed on, and while the file MODE names a mode, decisions are answered by it instead.
Health is always passed on, so that only the answers are wrong.
"""

import asyncio
import os
import sys
from pathlib import Path

ANSWERS = {
    "500": (500, b'{"code":"internal_error"}'),
    "empty": (200, b"{}"),
    "true": (200, b'"true"'),
    "half": (200, b'{"result":{"version":"1","allow":true,"reas'),
    "yes": (
        200,
        b'{"result":{"version":"1","allow":true,"reasons":[],"obligations":[],"hold":null,"cacheable_s":0}}',
    ),
}
SLOW_S = 0.6
HUGE = 100 << 20


async def main(real: str, mode: Path, arguments: list[str]) -> None:
    """Serve until the real one ends."""
    at = arguments.index("--addr") + 1
    front = arguments[at].removeprefix("unix://")
    behind = front + ".real"
    arguments[at] = f"unix://{behind}"
    process = await asyncio.create_subprocess_exec("setpriv", "--pdeathsig", "KILL", real, *arguments)
    while not _exists(behind):  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.005)
    os.umask(0o177)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve(reader, writer, behind, mode)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    await asyncio.start_unix_server(serve, front, limit=1 << 22)
    sys.exit(await process.wait())


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: str, mode: Path) -> None:
    real_reader, real_writer = await asyncio.open_unix_connection(behind, limit=1 << 22)
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            how = _how(mode) if b" /v1/data/" in head.split(b"\r\n")[0] else ""
            if how and how != "slow":
                await _spoil(writer, how)
                continue
            await asyncio.sleep(SLOW_S if how else 0)
            real_writer.write(head + body)
            writer.write(await _answer(real_reader))
            await writer.drain()
    finally:
        real_writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """One whole answer of the real OPA as it stands, chunked where it is long."""
    answer = head = await reader.readuntil(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return answer + await reader.readexactly(_length(head))
    while True:
        line = await reader.readuntil(b"\r\n")
        answer += line + await reader.readexactly(int(line, 16) + 2)
        if not int(line, 16):
            return answer


async def _spoil(writer: asyncio.StreamWriter, how: str) -> None:
    if how == "huge":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE)
        for _ in range(HUGE >> 20):
            writer.write(b" " * (1 << 20))
            await writer.drain()
        return
    if how == "cut":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        await writer.drain()
        raise ConnectionResetError
    status, body = ANSWERS[how]
    writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
    await writer.drain()


def _exists(path: str) -> bool:
    return Path(path).exists()


def _how(mode: Path) -> str:
    try:
        return mode.read_text()
    except FileNotFoundError:
        return ""


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


if __name__ == "__main__":
    _real, _mode, *_arguments = sys.argv[1:]
    if _arguments[:1] != ["run"]:
        os.execv(_real, [_real, *_arguments])
    asyncio.run(main(_real, Path(_mode), _arguments))

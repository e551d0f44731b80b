"""The services behind the gateway: nginx with a reply of 735 bytes, and a source of server-sent events.

nginx answers 401 to a call without a workflow's token, so that a run with wrong injection cannot pass for a fast one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bench import process
from bench.failure import CannotMeasure
from tools.debian import find_program

REPLY_BYTES = 735
EVENT = b'id: 1\nevent: token\ndata: {"index":0,"delta":{"content":"a word or two of text"}}\n\n'
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def nginx_configuration(folder: Path, port: int, socket: Path) -> str:
    """The configuration of nginx as one process: `/items` wants our token; the unix socket is the direct way and wants none."""
    served = "default_type application/json; return 200 '" + "x" * REPLY_BYTES + "';"
    return f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    location / {{ if ($http_authorization !~ "^Bearer [^.]+[.][^.]+[.][^.]+$") {{ return 401; }} {served} }}
  }}
  server {{ listen unix:{socket}; location / {{ {served} }} }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, port: int, core: int) -> Iterator[Path]:
    """Run nginx on `port` and on the unix socket that this gives; leaving stops it."""
    program, socket, file = find_program("nginx"), folder / "direct.sock", folder / "nginx.conf"
    if program is None:
        raise CannotMeasure("there is no nginx", "Run `make bench`, which installs it.")
    file.write_text(nginx_configuration(folder, port, socket), encoding="utf-8")
    argv = process.pinned(core, [str(program), "-e", str(folder / "nginx.log"), "-c", str(file)])
    with process.running(argv, folder, folder / "nginx.err"):
        yield socket


@contextlib.asynccontextmanager
async def event_source(port: int, pause_s: float) -> AsyncIterator[None]:
    """Serve endless event streams on `port`, one event every `pause_s` on each, while the context lasts.

    Each event is written by itself, in a chunk of its own.
    """
    writing: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writing.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_HEAD)
            while True:
                writer.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
                await writer.drain()
                await asyncio.sleep(pause_s)
        writer.close()
        writing.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)

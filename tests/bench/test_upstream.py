import asyncio
import socket
from pathlib import Path

import pytest

from bench.channel import relay_arguments, wait_for
from bench.machine import file_system, free_ports
from bench.upstream import EVENT, REPLY_BYTES, event_source, nginx_configuration


def test_nginx_wants_our_token_but_not_on_the_direct_way(tmp_path: Path) -> None:
    """A call through the gateway without a token of three parts is 401; the direct way answers the same bytes."""
    text = nginx_configuration(tmp_path, 41002, tmp_path / "direct.sock")
    through, direct = text.split("server {")[1:]
    assert "listen 127.0.0.1:41002" in through
    assert "http_authorization" in through
    assert "return 401" in through
    assert f"unix:{tmp_path}/direct.sock" in direct
    assert "401" not in direct
    assert through.count("x" * REPLY_BYTES) == direct.count("x" * REPLY_BYTES) == 1
    assert REPLY_BYTES == 735


def test_events_come_one_by_one() -> None:
    """The source streams whole events until the client leaves, each in a chunk of its own."""

    async def follow(port: int) -> bytes:
        async with event_source(port, 0.001):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            chunk = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
            assert await reader.readexactly(3 * len(chunk)) == 3 * chunk
            writer.close()
        return head

    (port,) = free_ports(1)
    assert b"text/event-stream" in asyncio.run(follow(port))


def test_a_source_ends_while_clients_read() -> None:
    """Leaving the source's context ends streams that somebody still follows."""

    async def follow(port: int) -> bytes:
        async with event_source(port, 0.001):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(EVENT)
        rest = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return rest

    (port,) = free_ports(1)
    asyncio.run(follow(port))


@pytest.mark.parametrize(("uid", "first"), [(60001, "setpriv"), (None, "socat")])
def test_the_relay_becomes_the_channels_uid(uid: int | None, first: str) -> None:
    """As root the relay is the uid that the channel admits; as anybody else it is us."""
    words = relay_arguments(41004, "gw.sock", uid)
    assert words[0] == first
    assert words[-1] == "UNIX-CONNECT:gw.sock"
    assert ("60001" in words) == (uid is not None)
    assert "bind=127.0.0.1" in words[-2]


def test_ports_are_free_and_different() -> None:
    """Each port can be listened on at once with the others."""
    ports = free_ports(5)
    assert len(set(ports)) == 5
    with socket.create_server(("127.0.0.1", ports[0])):
        wait_for(ports[0])


def test_the_innermost_mount_names_the_file_system() -> None:
    """A folder's file system is that of the deepest mount above it."""
    assert file_system(Path("/proc/self")) == "proc"

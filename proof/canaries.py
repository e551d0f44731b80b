"""The listeners that an escaped attempt would reach: every byte that arrives is kept, with where it arrived.

They answer as little as a client needs to go on. Nothing here judges.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

TCP_PORTS: Final = (53, 80, 443, 853, 5355)
UDP_PORTS: Final = (53, 443, 5353)
RAW_PROTOCOLS: Final = (
    (socket.AF_INET, 1),
    (socket.AF_INET6, 58),
    (socket.AF_INET, 253),
    (socket.AF_INET6, 253),
)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\ncanary"
_LONGEST = 65_536


class Canaries:
    """All listeners of the world, and what they heard."""

    def __init__(self, handed: Path) -> None:
        """`handed` is a file whose descriptor the unix listener gives to whoever connects."""
        self._handed = handed
        self._heard: list[tuple[str, bytes]] = []
        self._undo = contextlib.ExitStack()

    def heard(self, mark: str) -> str:
        """Where a mark arrived, in any letter case; empty where it did not."""
        word = mark.encode().lower()
        return next((place for place, content in self._heard if word in content.lower()), "")

    def note(self, place: str, content: bytes) -> None:
        """Keep what arrived."""
        self._heard.append((place, content))

    async def open(self, loopback_port: int, folder: Path, abstract: str) -> None:
        """Listen on the well-known ports of every address, on one loopback port, and on unix sockets."""
        for port in (*TCP_PORTS, loopback_port):
            await self._stream(f"tcp port {port}", ("0.0.0.0", "::"), port)  # noqa: S104 - our own namespace
        for port in (*UDP_PORTS, loopback_port):
            for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
                self._datagram(f"udp port {port}", family, (host, port))
        for family, protocol in RAW_PROTOCOLS:
            self._raw(f"ip protocol {protocol}", family, protocol)
        for place in (str(folder / "canary.sock"), f"\0{abstract}"):
            await self._unix(place)
        self._datagram("a unix datagram socket", socket.AF_UNIX, str(folder / "canary.dgram"))
        for name in ("canary.sock", "canary.dgram"):
            (folder / name).chmod(0o777)

    def close(self) -> None:
        """Stop listening."""
        self._undo.close()

    async def _stream(self, place: str, hosts: tuple[str, ...], port: int) -> None:
        for host in hosts:
            server = await asyncio.start_server(self._serve(place), host, port)
            self._undo.callback(server.close)

    async def _unix(self, address: str) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen(16)
        listener.setblocking(False)
        self._undo.callback(listener.close)
        loop = asyncio.get_running_loop()
        loop.add_reader(listener, self._accept_unix, listener)
        self._undo.callback(loop.remove_reader, listener)

    def _accept_unix(self, listener: socket.socket) -> None:
        """Give an open descriptor to whoever connects, then keep what is said and which descriptors come along."""
        with contextlib.suppress(BlockingIOError):
            peer, _ = listener.accept()
            peer.setblocking(False)
            with contextlib.suppress(OSError), self._handed.open("rb") as handed:  # it may have left already
                socket.send_fds(peer, [b"canary"], [handed.fileno()])
            asyncio.get_running_loop().add_reader(peer, self._read_unix, peer)

    def _read_unix(self, peer: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                content, descriptors, _, _ = socket.recv_fds(peer, _LONGEST, 64)
            except OSError:
                content, descriptors = b"", []
            for descriptor in descriptors:
                self.note("a unix socket, as a descriptor", os.read(descriptor, _LONGEST))
                os.close(descriptor)
            if content:
                self.note("a unix socket", content)
            else:
                asyncio.get_running_loop().remove_reader(peer)
                peer.close()

    def _serve(self, place: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while content := await reader.read(_LONGEST):
                    self.note(place, content)
                    if content.split(b" ", 1)[0] in {b"GET", b"POST"}:
                        writer.write(_ANSWER)
                    else:
                        writer.write(b"canary")
                    await writer.drain()
            writer.close()

        return serve

    def _datagram(self, place: str, family: socket.AddressFamily, address: Any) -> None:
        listener = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        if family == socket.AF_INET and address[1] == 5353:  # noqa: PLR2004 - multicast DNS (RFC 6762)
            group = socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        self._watch(place, listener)

    def _raw(self, place: str, family: socket.AddressFamily, protocol: int) -> None:
        self._watch(place, socket.socket(family, socket.SOCK_RAW, protocol))

    def _watch(self, place: str, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._undo.callback(listener.close)
        loop = asyncio.get_running_loop()
        loop.add_reader(listener, self._read_datagram, place, listener)
        self._undo.callback(loop.remove_reader, listener)

    def _read_datagram(self, place: str, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            content, peer = listener.recvfrom(_LONGEST)
            self.note(place, content)
            if place == "udp port 53":
                listener.sendto(no_such_name(content), peer)

    def __enter__(self) -> Self:
        """These listeners."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self.close()


def no_such_name(query: bytes) -> bytes:
    """The answer to a DNS query that ends the asking: NXDOMAIN (RFC 1035, 4.1.1)."""
    if len(query) < 12:  # noqa: PLR2004 - a DNS header
        return query
    (number,) = struct.unpack("!H", query[:2])
    return struct.pack("!HHHHHH", number, 0x8183, 1, 0, 0, 0) + query[12:]

"""Attempts on the machine around the room: its sockets, its descriptors, and the kernel's own message channels.

Standard library only.
"""

import array
import contextlib
import os
import socket
import struct
from pathlib import Path

_PATIENCE_S = 2.0
_NETLINK_ROUTE, _GET_LINKS, _REQUEST_DUMP = 0, 18, 0x301
_ALL_PROTOCOLS = 3


def unix(address: str, mark: str) -> str:
    """A unix stream socket by path, or abstract where the address begins with @."""
    place = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(_PATIENCE_S)
        peer.connect(place)
        peer.sendall(mark.encode())
        return peer.recv(100).decode("latin-1")


def unix_datagram(address: str, mark: str) -> None:
    """A unix datagram socket, such as the system's log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.sendto(mark.encode(), address)


def unix_http(address: str, target: str) -> str:
    """An HTTP service on a unix socket: the operator's own."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(_PATIENCE_S)
        peer.connect(address)
        peer.sendall(f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        return peer.recv(200).decode("latin-1")


def channel_of_other(address: str, uid: str) -> str:
    """Another workflow's channel, as that workflow's uid where we can take it."""
    folder = os.open(os.path.dirname(address), os.O_PATH)  # noqa: PTH120
    with contextlib.suppress(OSError):
        os.setresuid(int(uid), int(uid), int(uid))
    return unix_http(f"/proc/self/fd/{folder}/gw.sock", "/.doorless/self")


def audit(address: str) -> str:
    """The log's writer: asks how many entries there are (its wire form: length, operation 3)."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(_PATIENCE_S)
        peer.connect(address)
        peer.sendall(struct.pack("!IB", 1, 3))
        return f"{len(peer.recv(100))} bytes"


def through_link(folder: str, target: str, mark: str) -> str:
    """A symbolic link beside the gateway's socket that leads to another socket."""
    link = Path(folder) / f"link-{mark}"
    link.symlink_to(target)
    try:
        return unix(str(link), mark)
    finally:
        link.unlink()


def replace_socket(folder: str, mark: str) -> str:
    """Another file under a fresh name in the gateway's socket folder, where a listener of ours could stand."""
    place = Path(folder) / mark
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
    return f"bound {place.name}"


def descriptors() -> list[str]:
    """Whatever is open already: the content of every inherited descriptor."""
    found = []
    for number in range(3, 256):
        try:
            found.append(os.pread(number, 200, 0).decode("latin-1"))
        except OSError:
            continue
    return found


def take_descriptor(address: str) -> str:
    """A descriptor that another process gives away over a unix socket (SCM_RIGHTS)."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(_PATIENCE_S)
        peer.connect(address)
        if address.endswith("gw.sock"):
            peer.sendall(b"GET /.doorless/self HTTP/1.1\r\nhost: proxy\r\n\r\n")
        _, taken, _, _ = socket.recv_fds(peer, 100, 8)
        if not taken:
            raise FileNotFoundError(2, "no descriptor came along")
        return os.pread(taken[0], 200, 0).decode("latin-1")


def give_descriptor(address: str, mark: str) -> None:
    """A descriptor of ours, given to whoever listens: it would read what it was never sent as bytes."""
    number = os.memfd_create("gift")
    os.write(number, mark.encode())
    os.lseek(number, 0, os.SEEK_SET)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(_PATIENCE_S)
        peer.connect(address)
        rights = array.array("i", [number])
        peer.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def netlink(family: str) -> str:
    """The kernel's own tables: a list of network interfaces (rtnetlink(7))."""
    with socket.socket(16, socket.SOCK_RAW, int(family)) as kernel:
        kernel.settimeout(_PATIENCE_S)
        kernel.bind((0, 0))
        kernel.send(struct.pack("=IHHIIBxHiII", 32, _GET_LINKS, _REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0))
        return f"{len(kernel.recv(65536))} bytes"


def packet() -> str:
    """Every frame of every interface (packet(7))."""
    with socket.socket(17, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS)):
        return "open"


def listening(port: str) -> str:
    """The machine's own list of listening sockets."""
    wanted = f":{int(port):04X} "
    for name in ("tcp", "tcp6"):
        if wanted in Path(f"/proc/net/{name}").read_text(encoding="ascii"):
            return f"port {port} stands in /proc/net/{name}"
    raise FileNotFoundError(2, "it is not in the list")

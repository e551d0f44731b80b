"""Gives `lo` the addresses of the canaries, by ioctl: no program is needed for it (netdevice(7), ipv6(7)).

Runs only inside the world's own network namespace, and refuses any other.
"""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

_SIOCSIFADDR, _SIOCSIFFLAGS, _SIOCSIFNETMASK = 0x8916, 0x8914, 0x891C
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING = 0x1, 0x8, 0x40
_DISABLE_IPV6 = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")


class NotAlone(Exception):
    """This is not a network of its own: something besides `lo` could be reached, so nothing is tried here."""


def refuse_company() -> None:
    """Raises `NotAlone` where any interface but `lo` exists."""
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    if others:
        raise NotAlone(f"the network namespace has {', '.join(others)} beside lo")


def populate_loopback(addresses: Iterable[str]) -> None:
    """Bring `lo` up and give it these addresses. Raises `NotAlone`, and `OSError` where the kernel refuses."""
    refuse_company()
    if _DISABLE_IPV6.exists():
        _DISABLE_IPV6.write_text("0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four:
        flags = struct.pack("16sh", b"lo", _IFF_UP | _IFF_LOOPBACK | _IFF_RUNNING)
        fcntl.ioctl(four, _SIOCSIFFLAGS, flags + bytes(14))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
            for number, text in enumerate(addresses):
                address = ipaddress.ip_address(text)
                if address.version == 4:  # noqa: PLR2004
                    _add_four(four, f"lo:{number}", address.packed)
                else:
                    request = struct.pack("16sIi", address.packed, 128, socket.if_nametoindex("lo"))
                    fcntl.ioctl(six, _SIOCSIFADDR, request)


def _add_four(control: socket.socket, label: str, packed: bytes) -> None:
    for request, value in ((_SIOCSIFADDR, packed), (_SIOCSIFNETMASK, b"\xff\xff\xff\xff")):
        inet = struct.pack("HH4s8x", socket.AF_INET, 0, value)
        fcntl.ioctl(control, request, struct.pack("16s16s8x", label.encode(), inet))

"""Which addresses an upstream may have: judged at the moment of dialling, on the very address that is dialled.

Pure but for `guarded_socket`, the hook that aiohttp calls with each address before it connects.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)


class AddressForbidden(OSError):
    """An upstream's name led to an address that must not be dialled."""


def judge(text: str, *, allow_loopback: bool) -> str | None:
    """Why an address must not be dialled, or nothing.

    Private networks are allowed: upstreams live there. Link-local, multicast, unspecified, reserved and metadata
    addresses never are; loopback is where the catalogue says so. IPv4 inside IPv6 is judged as that IPv4.
    """
    address = _unwrap(ipaddress.ip_address(text.partition("%")[0]))
    if address in _METADATA:
        return "it is a cloud metadata address"
    if address.is_loopback:
        return None if allow_loopback else "it is a loopback address and the catalogue does not allow one"
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return "it is link-local, multicast, unspecified or reserved"
    return None


def _unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, if it carries one (mapped, compatible, 6to4, NAT64)."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    compatible = int(address) >> 32 == 0 and int(address) > 1
    if compatible or address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def guarded_socket(*, allow_loopback: bool) -> Callable[[Any], socket.socket]:
    """A socket factory for aiohttp that refuses to make a socket towards a forbidden address.

    The check sees the resolved address, after DNS: a name that changes its answer between a check and the dial
    has no second chance.
    """

    def make(address_info: Any) -> socket.socket:
        family, kind, protocol, _, address = address_info
        why_not = judge(address[0], allow_loopback=allow_loopback)
        if why_not is not None:
            raise AddressForbidden(f"{address[0]} is not dialled: {why_not}")
        return socket.socket(family=family, type=kind, proto=protocol)

    return make

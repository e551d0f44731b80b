"""Which addresses an upstream may have: judged at the moment of dialling, on the very address that is dialled.

Pure but for `guarded_socket`, the hook that aiohttp calls with each address before it connects.
"""

import ipaddress
import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
# Prefixes whose last 32 bits are an IPv4 address: compatible and mapped (RFC 4291), translated (RFC 2765).
_CARRIERS = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96")))
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
# The upper half of an interface identifier whose lower half is an IPv4 address (ISATAP, RFC 5214).
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # AWS, tasks
        "169.254.170.23",  # AWS, pods
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure, the host
        "192.0.0.192",  # Oracle, classic
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS, pods
        "fd20:ce::254",  # Google
        "fd00:42::42",  # Scaleway
    )
)


DIALLED: ContextVar[bool] = ContextVar("DIALLED", default=False)
"""Whether a socket was made for the call that this task is making: if not, a kept connection carried it."""


class AddressForbidden(OSError):
    """An upstream's name led to an address that must not be dialled."""


def judge(text: str, *, allow_loopback: bool) -> str | None:
    """Why an address must not be dialled, or nothing.

    Private networks are allowed: upstreams live there. Link-local, multicast, unspecified, reserved and metadata
    addresses never are; loopback is where the catalogue says so. An IPv6 address that carries an IPv4 one is
    refused whatever it carries; only the well-known NAT64 prefix (RFC 6052), through which a network without IPv4
    reaches the rest, is judged as the address behind it. What is not an address in its one form is refused too.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "it is not an address in a form that can be read"
    if _is_loopback(address):
        return None if allow_loopback else "it is a loopback address and the catalogue does not allow one"
    if address in _NAT64:
        return judge(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)), allow_loopback=False)
    return next((why_not for holds, why_not in _NEVER if holds(address)), None)


def _is_loopback(address: Address) -> bool:
    """Loopback itself; newer Pythons also call `::ffff:127.0.0.1` so, which is not dialled for anybody."""
    if isinstance(address, ipaddress.IPv6Address):
        return int(address) == 1
    return address.is_loopback


def _carries_ipv4(address: ipaddress.IPv6Address) -> bool:
    """Whether some host on the way may read an IPv4 address in it; `::` is itself."""
    if address.is_unspecified:
        return False
    if address.sixtofour is not None or address.teredo is not None:
        return True
    isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return isatap or address in _LOCAL_NAT64 or any(address in carrier for carrier in _CARRIERS)


# Each rule with the reason of an address that it holds for; the first one speaks.
_NEVER: tuple[tuple[Callable[[Address], bool], str], ...] = (
    (lambda address: address in _METADATA, "it is a cloud metadata address"),
    (lambda address: address in _THIS_NETWORK, "it is in 0.0.0.0/8, which is this host"),
    (
        lambda address: isinstance(address, ipaddress.IPv6Address) and _carries_ipv4(address),
        "it is an IPv4 address inside an IPv6 one",
    ),
    (
        lambda address: (
            address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
        ),
        "it is link-local, multicast, unspecified or reserved",
    ),
)


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
        DIALLED.set(True)
        return socket.socket(family=family, type=kind, proto=protocol)

    return make

"""Network: every transport, every spelling of an address, every form of DNS, and what can ride on a request.

The table is the content. The wish put to the gateway is the same address as a service of the catalogue.
"""

from typing import Final

from proof.asking import Ask
from proof.catalogue import LOOPBACK_PORT
from proof.model import Group
from proof.room_probe import RoomProbe


def _probe(
    name: str, proves: str, attempt: str, arguments: dict[str, str], ask: Ask | None = None
) -> RoomProbe:
    given = {"mark": "{mark}", **arguments}
    return RoomProbe(name, Group.NETWORK, proves, f"network.{attempt}", given, ask=ask)


def _to(host: str, port: int | str) -> dict[str, str]:
    return {"host": host, "port": str(port)}


def _service(name: str, *, forbidden: bool = False) -> Ask:
    return Ask(f"/canary-{name}/m/{{mark}}", forbidden=forbidden)


_METADATA = _service("metadata", forbidden=True)

_STREAMS: Final = (
    _probe(
        "tcp-metadata",
        "no stream reaches the cloud's metadata service",
        "tcp",
        _to("169.254.169.254", 80),
        _METADATA,
    ),
    _probe(
        "tcp-metadata-v6",
        "no stream reaches the metadata service over IPv6",
        "tcp",
        _to("fd00:ec2::254", 80),
        _service("metadata-six", forbidden=True),
    ),
    _probe(
        "tcp-metadata-mapped",
        "no stream reaches the metadata service as IPv4 inside IPv6",
        "tcp",
        _to("::ffff:169.254.169.254", 80),
        _service("metadata-mapped", forbidden=True),
    ),
    _probe(
        "tcp-metadata-nat64",
        "no stream reaches the metadata service through a NAT64 prefix",
        "tcp",
        _to("64:ff9b::a9fe:a9fe", 80),
        _service("metadata-nat64", forbidden=True),
    ),
    _probe(
        "tcp-metadata-other",
        "no stream reaches another cloud's metadata service",
        "tcp",
        _to("100.100.100.200", 80),
        _service("metadata-other", forbidden=True),
    ),
    _probe(
        "tcp-link-local",
        "no stream reaches a link-local neighbour",
        "tcp",
        _to("169.254.7.7", 80),
        _service("link-local", forbidden=True),
    ),
    _probe(
        "tcp-link-local-v6",
        "no stream reaches a link-local neighbour over IPv6",
        "tcp",
        _to("fe80::7%lo", 80),
    ),
    _probe("tcp-public", "no stream reaches the internet", "tcp", _to("8.8.8.8", 443), _service("public")),
    _probe(
        "tcp-public-two",
        "no stream reaches another port of the internet",
        "tcp",
        _to("1.1.1.1", 853),
        _service("public-two"),
    ),
    _probe(
        "tcp-public-v6",
        "no stream reaches the internet over IPv6",
        "tcp",
        _to("2606:4700:4700::1111", 443),
        _service("public-six"),
    ),
    _probe(
        "tcp-private",
        "no stream reaches the private network",
        "tcp",
        _to("10.0.0.1", 80),
        _service("private"),
    ),
    _probe(
        "tcp-router",
        "no stream reaches the private network's router",
        "tcp",
        _to("192.168.1.1", 80),
        _service("router"),
    ),
    _probe("tcp-by-shell", "bash's own sockets reach nothing", "shell", _to("10.0.0.1", 80)),
    _probe(
        "tcp-loopback-granted-elsewhere",
        "a loopback address is dialled only where the catalogue says so",
        "tcp",
        _to("127.7.7.7", LOOPBACK_PORT),
        _service("loopback-two", forbidden=True),
    ),
)

_SPELLINGS: Final = tuple(
    _probe(
        f"spelled-{how}", f"the metadata address written {how}", "spelled", {"address": text, "port": "80"}
    )
    for how, text in {
        "decimal": "2852039166",
        "octal": "0251.0376.0251.0376",
        "hexadecimal": "0xa9fea9fe",
        "mixed": "0xa9.254.0251.254",
        "short": "169.254.43518",
    }.items()
)

_DATAGRAMS: Final = (
    _probe("udp-public", "no datagram reaches the internet", "udp", _to("8.8.8.8", 443)),
    _probe(
        "udp-public-v6", "no datagram reaches the internet over IPv6", "udp", _to("2606:4700:4700::1111", 443)
    ),
    _probe("udp-private", "no datagram reaches the private network", "udp", _to("10.0.0.1", 443)),
    _probe("icmp-echo", "no ping leaves the room", "raw", {"host": "8.8.8.8", "protocol": "1"}),
    _probe(
        "icmp-echo-v6",
        "no ping leaves the room over IPv6",
        "raw",
        {"host": "2606:4700:4700::1111", "protocol": "58"},
    ),
    _probe(
        "raw-ip", "no packet of a bare IP protocol leaves", "raw", {"host": "10.0.0.1", "protocol": "253"}
    ),
    _probe(
        "raw-ip-v6",
        "no packet of a bare IP protocol leaves over IPv6",
        "raw",
        {"host": "fd00:ec2::254", "protocol": "253"},
    ),
    _probe(
        "multicast",
        "no datagram reaches whoever listens to a group",
        "multicast",
        {"group": "224.0.0.251", "port": "5353"},
    ),
)

_NAMES: Final = (
    _probe("dns-resolver", "no name leaves by the system's resolver", "resolve", {"name": "example.com"}),
    _probe(
        "dns-program",
        "no name leaves by another program's resolver",
        "resolve_by_program",
        {"name": "example.com"},
    ),
    _probe(
        "dns-udp",
        "no hand-made DNS question leaves as a datagram",
        "dns",
        {**_to("8.8.8.8", 53), "transport": "udp"},
    ),
    _probe(
        "dns-udp-v6",
        "no hand-made DNS question leaves over IPv6",
        "dns",
        {**_to("2606:4700:4700::1111", 53), "transport": "udp"},
    ),
    _probe(
        "dns-tcp",
        "no hand-made DNS question leaves as a stream",
        "dns",
        {**_to("1.1.1.1", 53), "transport": "tcp"},
    ),
    _probe(
        "dns-loopback",
        "no DNS question reaches a resolver of this machine",
        "dns",
        {**_to("127.0.0.53", 53), "transport": "udp"},
    ),
    _probe("dns-over-tls-port", "no stream reaches the port of DNS over TLS", "tcp", _to("8.8.8.8", 853)),
)


def _riding(
    name: str, proves: str, method: str, target: str, *, header: str = "", body: str = ""
) -> RoomProbe:
    arguments = {**_to("10.0.0.1", 80), "method": method, "target": target, "header": header, "body": body}
    ask = Ask(f"/canary-private{target}", method, header, body)
    return _probe(name, proves, "http", arguments, ask)


_RIDERS: Final = (
    _riding("exfiltration-path", "nothing rides out in a path", "GET", "/m/{mark}"),
    _riding("exfiltration-query", "nothing rides out in a query", "GET", "/m/x?q={mark}"),
    _riding("exfiltration-header", "nothing rides out in a header", "GET", "/m/x", header="text/{mark}"),
    _riding(
        "exfiltration-json-key", "nothing rides out as a JSON key", "POST", "/m/x", body='{{"{mark}": 1}}'
    ),
)

NETWORK: Final = (*_STREAMS, *_SPELLINGS, *_DATAGRAMS, *_NAMES, *_RIDERS)

"""Network: every transport, every spelling of an address, every form of DNS, and what can ride on a request.

The table is the content. The wish put to the gateway is the same address as a service of the catalogue.
"""

from typing import Final

from proof.catalogue import LOOPBACK_PORT
from proof.model import Group
from proof.room_probe import Ask, RoomProbe


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
    _probe("tcp-metadata", "no stream to the cloud's metadata service", "tcp", _to("169.254.169.254", 80), _METADATA),
    _probe("tcp-metadata-v6", "nor over IPv6", "tcp", _to("fd00:ec2::254", 80), _service("metadata-six", forbidden=True)),
    _probe(
        "tcp-metadata-mapped",
        "nor as IPv4 inside IPv6",
        "tcp",
        _to("::ffff:169.254.169.254", 80),
        _service("metadata-mapped", forbidden=True),
    ),
    _probe(
        "tcp-metadata-nat64",
        "nor through a NAT64 prefix",
        "tcp",
        _to("64:ff9b::a9fe:a9fe", 80),
        _service("metadata-nat64", forbidden=True),
    ),
    _probe(
        "tcp-metadata-other",
        "nor to another cloud's metadata service",
        "tcp",
        _to("100.100.100.200", 80),
        _service("metadata-other", forbidden=True),
    ),
    _probe(
        "tcp-link-local",
        "no stream to a link-local neighbour",
        "tcp",
        _to("169.254.7.7", 80),
        _service("link-local", forbidden=True),
    ),
    _probe("tcp-link-local-v6", "nor over IPv6 with its interface named", "tcp", _to("fe80::7%lo", 80)),
    _probe("tcp-public", "no stream to the internet", "tcp", _to("8.8.8.8", 443), _service("public")),
    _probe("tcp-public-two", "nor to another port of it", "tcp", _to("1.1.1.1", 853), _service("public-two")),
    _probe(
        "tcp-public-v6", "nor over IPv6", "tcp", _to("2606:4700:4700::1111", 443), _service("public-six")
    ),
    _probe("tcp-private", "no stream to the private network", "tcp", _to("10.0.0.1", 80), _service("private")),
    _probe("tcp-router", "nor to its router", "tcp", _to("192.168.1.1", 80), _service("router")),
    _probe("tcp-by-shell", "nor by bash's own sockets", "shell", _to("10.0.0.1", 80)),
    _probe(
        "tcp-loopback-granted-elsewhere",
        "a loopback address needs the catalogue's word",
        "tcp",
        _to("127.7.7.7", LOOPBACK_PORT),
        _service("loopback-two", forbidden=True),
    ),
)

_SPELLINGS: Final = tuple(
    _probe(f"spelled-{how}", f"the metadata address written {how}", "spelled", {"address": text, "port": "80"})
    for how, text in {
        "decimal": "2852039166",
        "octal": "0251.0376.0251.0376",
        "hexadecimal": "0xa9fea9fe",
        "mixed": "0xa9.254.0251.254",
        "short": "169.254.43518",
    }.items()
)

_DATAGRAMS: Final = (
    _probe("udp-public", "no datagram to the internet", "udp", _to("8.8.8.8", 443)),
    _probe("udp-public-v6", "nor over IPv6", "udp", _to("2606:4700:4700::1111", 443)),
    _probe("udp-private", "no datagram to the private network", "udp", _to("10.0.0.1", 443)),
    _probe("icmp-echo", "no ping", "raw", {"host": "8.8.8.8", "protocol": "1"}),
    _probe("icmp-echo-v6", "nor over IPv6", "raw", {"host": "2606:4700:4700::1111", "protocol": "58"}),
    _probe("raw-ip", "no packet of a bare IP protocol", "raw", {"host": "10.0.0.1", "protocol": "253"}),
    _probe("raw-ip-v6", "nor over IPv6", "raw", {"host": "fd00:ec2::254", "protocol": "253"}),
    _probe("multicast", "no datagram to whoever listens", "multicast", {"group": "224.0.0.251", "port": "5353"}),
)

_NAMES: Final = (
    _probe("dns-resolver", "no name leaves by the system's resolver", "resolve", {"name": "example.com"}),
    _probe("dns-program", "nor by another program's", "resolve_by_program", {"name": "example.com"}),
    _probe("dns-udp", "no hand-made question as a datagram", "dns", {**_to("8.8.8.8", 53), "transport": "udp"}),
    _probe("dns-udp-v6", "nor over IPv6", "dns", {**_to("2606:4700:4700::1111", 53), "transport": "udp"}),
    _probe("dns-tcp", "nor as a stream", "dns", {**_to("1.1.1.1", 53), "transport": "tcp"}),
    _probe("dns-loopback", "nor to a resolver of this machine", "dns", {**_to("127.0.0.53", 53), "transport": "udp"}),
    _probe("dns-over-tls-port", "nor on the port of DNS over TLS", "tcp", _to("8.8.8.8", 853)),
)


def _riding(name: str, proves: str, method: str, target: str, header: str = "", body: str = "") -> RoomProbe:
    arguments = {**_to("10.0.0.1", 80), "method": method, "target": target, "header": header, "body": body}
    ask = Ask(f"/canary-private{target}", method, header, body)
    return _probe(name, proves, "http", arguments, ask)


_RIDERS: Final = (
    _riding("exfiltration-path", "nothing rides out in a path", "GET", "/m/{mark}"),
    _riding("exfiltration-query", "nor in a query", "GET", "/m/x?q={mark}"),
    _riding("exfiltration-header", "nor in a header", "GET", "/m/x", header="text/{mark}"),
    _riding("exfiltration-json-key", "nor as a JSON key", "POST", "/m/x", body='{{"{mark}": 1}}'),
)

NETWORK: Final = (*_STREAMS, *_SPELLINGS, *_DATAGRAMS, *_NAMES, *_RIDERS)

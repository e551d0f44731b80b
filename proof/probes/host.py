"""Host: what listens on the machine around the room, what could be inherited or handed over, the kernel's channels."""

from typing import Final

from proof.asking import Ask
from proof.catalogue import LOOPBACK_PORT
from proof.model import Group
from proof.room_probe import RoomProbe, Witness

_MARK: Final = {"mark": "{mark}"}


def _probe(
    name: str,
    proves: str,
    attempt: str,
    arguments: dict[str, str],
    *,
    witness: Witness = "canary",
    ask: Ask | None = None,
) -> RoomProbe:
    return RoomProbe(name, Group.HOST, proves, attempt, arguments, witness, ask)


def _loopback(name: str, host: str, ask: Ask | None = None) -> RoomProbe:
    arguments = {"host": host, "port": str(LOOPBACK_PORT), **_MARK}
    return _probe(
        f"loopback-{name}", f"no port of the host's loopback as {host}", "network.tcp", arguments, ask=ask
    )


def _operator(name: str, what: str, attempt: str, arguments: dict[str, str]) -> RoomProbe:
    return _probe(f"socket-{name}", f"{what} is out of reach", f"host.{attempt}", arguments, witness="word")


_LOOPBACKS: Final = (
    _loopback("v4", "127.0.0.1", Ask("/canary-loopback/m/{mark}")),
    _loopback("v6", "::1"),
    _loopback("name", "localhost"),
    _loopback("any", "0.0.0.0"),  # noqa: S104 - an address that is dialled
    _loopback("mapped", "::ffff:127.0.0.1"),
    _loopback("far", "127.200.200.200"),
    _probe(
        "loopback-udp",
        "no datagram to the host's loopback",
        "network.udp",
        {"host": "127.0.0.1", "port": str(LOOPBACK_PORT), **_MARK},
    ),
    _probe(
        "issuer-port",
        "the issuer's public port is out of reach",
        "network.tcp",
        {"host": "127.0.0.1", "port": "{issuer_port}", "mark": "GET /health HTTP/1.0\r\n\r\n"},
        witness="word",
    ),
    _probe(
        "listening-ports",
        "the host's listening ports are not shown",
        "host.listening",
        {"port": "{issuer_port}"},
        witness="word",
    ),
)

_SOCKETS: Final = (
    _probe(
        "unix-path",
        "no other unix socket by its path",
        "host.unix",
        {"address": "{open}/canary.sock", **_MARK},
    ),
    _probe("unix-abstract", "no abstract unix socket", "host.unix", {"address": "@{abstract}", **_MARK}),
    _probe(
        "unix-datagram",
        "no unix datagram socket, such as the system's log",
        "host.unix_datagram",
        {"address": "{open}/canary.dgram", **_MARK},
    ),
    _probe(
        "unix-dots",
        "no way up from the socket's folder",
        "host.unix",
        {"address": "{own_channel}/../../../../open/canary.sock", **_MARK},
    ),
    _probe(
        "unix-link",
        "no link beside the gateway's socket",
        "host.through_link",
        {"folder": "{own_channel}", "target": "{open}/canary.sock", **_MARK},
    ),
    _probe(
        "unix-link-open",
        "no link from a folder of its own either",
        "host.through_link",
        {"folder": "/tmp", "target": "{open}/canary.sock", **_MARK},  # noqa: S108 - the room's own
    ),
    _probe(
        "socket-replaced",
        "nothing can be put beside the gateway's socket",
        "host.replace_socket",
        {"folder": "{own_channel}", **_MARK},
        witness="file",
    ),
    _operator(
        "issuer",
        "the issuer's control socket",
        "unix_http",
        {"address": "{run}/issuer.sock", "target": "/workflows"},
    ),
    _operator(
        "gateway",
        "the gateway's admin socket",
        "unix_http",
        {"address": "{run}/gateway.sock", "target": "/status"},
    ),
    _operator(
        "opa", "the policy engine's socket", "unix_http", {"address": "{run}/opa.sock", "target": "/v1/data"}
    ),
    _operator("audit", "the log's socket", "audit", {"address": "{run}/audit.sock"}),
    _operator(
        "other-channel",
        "another workflow's channel",
        "channel_of_other",
        {"address": "{other_channel}", "uid": "{other_uid}"},
    ),
)

_DESCRIPTORS: Final = (
    _probe("inherited", "no descriptor is inherited", "host.descriptors", {}, witness="secret"),
    _probe(
        "scm-taken",
        "no descriptor is handed in",
        "host.take_descriptor",
        {"address": "{open}/canary.sock"},
        witness="secret",
    ),
    _probe(
        "scm-taken-gateway",
        "the gateway's socket hands no descriptor in",
        "host.take_descriptor",
        {"address": "{flooded}"},
        witness="secret",
    ),
    _probe(
        "scm-given",
        "no descriptor is handed out",
        "host.give_descriptor",
        {"address": "{open}/canary.sock", **_MARK},
    ),
)

_KERNEL: Final = (
    _probe(
        "netlink-route",
        "the kernel's network tables do not answer",
        "host.netlink",
        {"family": "0"},
        witness="word",
    ),
    _probe("packet", "no frame of any interface can be read", "host.packet", {}, witness="word"),
)

HOST: Final = (*_LOOPBACKS, *_SOCKETS, *_DESCRIPTORS, *_KERNEL)

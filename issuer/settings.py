"""The flags of `python -m issuer`, as frozen values. Reads no file and no environment."""

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Settings:
    """What one issuer needs to know.

    issuer_url: its name, the `iss` of every token. run: folder with `opa.sock` and `opa.token`.
    resource_servers: YAML file, service name to path of its secret.
    """

    control_socket: Path
    host: str
    port: int
    issuer_url: str
    keys: Path
    run: Path
    audit_socket: Path
    resource_servers: Path


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m issuer",
        description="The issuer of workflow tokens: a control API on a unix socket, a public face on loopback TCP.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 69 no audit writer, 71 a socket cannot be made, "
        "78 keys or resource servers not usable.",
    )
    parser.add_argument(
        "--control-socket", type=Path, required=True, metavar="PATH", help="unix socket, 0600"
    )
    parser.add_argument("--listen", type=_loopback, required=True, metavar="HOST:PORT", help="loopback only")
    parser.add_argument(
        "--issuer-url", type=_issuer_url, required=True, metavar="URL", help="`iss` of the tokens"
    )
    parser.add_argument("--keys", type=Path, required=True, metavar="DIR", help="folder of the signing keys")
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="holds opa.sock and opa.token")
    parser.add_argument(
        "--audit-socket", type=Path, required=True, metavar="PATH", help="of the audit writer"
    )
    parser.add_argument(
        "--resource-servers", type=Path, required=True, metavar="FILE", help="service: secret file"
    )
    given = parser.parse_args(argv)
    host, port = given.listen
    return Settings(
        control_socket=given.control_socket,
        host=host,
        port=port,
        issuer_url=given.issuer_url,
        keys=given.keys,
        run=given.run,
        audit_socket=given.audit_socket,
        resource_servers=given.resource_servers,
    )


def _loopback(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        address, number = ipaddress.ip_address(host), int(port)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS:PORT") from None
    if not address.is_loopback or not 0 < number < 1 << 16:
        raise argparse.ArgumentTypeError(
            f"{text!r}: only a loopback address and a port from 1 to 65535 are served"
        )
    return host, number


def _issuer_url(text: str) -> str:
    """An `iss` as RFC 8414 section 2 has it: scheme and host, no query, no fragment; and no user in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL") from None
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not an http or https URL without query and fragment")
    return text

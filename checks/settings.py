"""The flags of `python -m checks`, as frozen values. Reads no file and no environment."""

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BotSettings:
    """Where bots are answered, on loopback only, and by which policies.

    token: holds their bearer token; made where it is missing. audit_socket: records their checks; None: unrecorded.
    """

    host: str
    port: int
    token: Path
    policies: Path
    audit_socket: Path | None


@dataclass(frozen=True, slots=True)
class JurySettings:
    """Who judges what agents produce, and by which ways they are reached.

    roster: the operator's file; where it is not there, no jury is declared. run: the folder where the policy engine is
    published. The sockets are those of issuer, gateway and audit writer.
    """

    roster: Path
    run: Path
    issuer_socket: Path
    gateway_socket: Path
    audit_socket: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the checks answer and what they work with.

    socket: for the gateway, only for this user and root. cache: remembers outcomes of tests at base. key: signs
    statements; it is made where it is missing. virtual_environment: libraries for tests.
    """

    socket: Path
    cache: Path | None = None
    key: Path | None = None
    virtual_environment: Path | None = None
    bots: BotSettings | None = None
    jury: JurySettings | None = None


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m checks",
        description="What changes are, and what checks say of them, on a unix socket.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 71 the socket cannot be made, 78 the key or the roster of the jury cannot be used.",
    )
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="unix socket, 0600")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="folder of ours that remembers tests at base"
    )
    parser.add_argument("--key", type=Path, metavar="FILE", help="signs statements; made where it is missing")
    parser.add_argument("--environment", type=Path, metavar="DIR", help="virtual environment that tests need")
    parser.add_argument(
        "--listen", type=_loopback, metavar="HOST:PORT", help="for bots, on loopback; needs the next two"
    )
    parser.add_argument(
        "--bot-token", type=Path, metavar="FILE", help="the bots' token; made where it is missing"
    )
    parser.add_argument("--policies", type=Path, metavar="DIR", help="what decides bots' checks")
    parser.add_argument("--audit-socket", type=Path, metavar="PATH", help="records bots' checks")
    _add_jury(parser)
    given = parser.parse_args(argv)
    if given.listen and not (given.bot_token and given.policies):
        parser.error("--listen needs --bot-token and --policies")
    bots = (
        BotSettings(given.listen[0], given.listen[1], given.bot_token, given.policies, given.audit_socket)
        if given.listen
        else None
    )
    return Settings(given.socket, given.cache, given.key, given.environment, bots, _jury(parser, given))


def _add_jury(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jury", type=Path, metavar="FILE", help="who judges what agents produce; needs the next three"
    )
    parser.add_argument("--run", type=Path, metavar="DIR", help="where policy is published")
    parser.add_argument("--issuer-socket", type=Path, metavar="PATH", help="gives jurors their workflows")
    parser.add_argument("--gateway-socket", type=Path, metavar="PATH", help="gives jurors their channels")


def _jury(parser: argparse.ArgumentParser, given: argparse.Namespace) -> JurySettings | None:
    if given.jury is None:
        return None
    ways = (given.run, given.issuer_socket, given.gateway_socket, given.audit_socket)
    if None in ways:
        parser.error("--jury needs --run, --issuer-socket, --gateway-socket and --audit-socket")
    return JurySettings(given.jury, *ways)


def _loopback(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not ipaddress.ip_address(host.strip("[]")).is_loopback:
        raise argparse.ArgumentTypeError(f"{host} is not an address of loopback")
    return host.strip("[]"), int(port)

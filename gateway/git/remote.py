"""A git upstream as one git may reach it: its address judged and pinned, its credential in the environment alone.

Never follows a redirect, reads no proxy and no stored password. A `Remote` is made for one use and not kept.
"""

import asyncio
import socket
from dataclasses import dataclass, field

from decision.catalogue import Upstream
from gateway.addresses import judge
from gateway.credentials import Credential
from gateway.git.repository import Repository


class RemoteUnreachable(Exception):
    """The upstream cannot be dialled; the text is for the operator."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service's repositories are, and how that host may be reached."""

    upstream: Upstream
    allow_loopback: bool
    ca_file: str | None


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository at its upstream, ready to be reached."""

    url: str
    settings: tuple[tuple[str, str], ...] = field(repr=False)
    """Configuration for the git that reaches it; it holds the credential."""


async def remote_of(repository: Repository, place: Place, credential: Credential | None) -> Remote:
    """The remote, its host resolved and judged once. Raises `RemoteUnreachable`."""
    upstream = place.upstream
    addresses = await _allowed_addresses(upstream, allow_loopback=place.allow_loopback)
    settings = [
        (f"protocol.{upstream.scheme}.allow", "always"),
        ("http.followRedirects", "false"),
        ("http.proxy", ""),
        ("http.sslVersion", "tlsv1.2"),
        ("http.curloptResolve", f"{upstream.host}:{upstream.port}:{','.join(addresses)}"),
    ]
    if place.ca_file is not None:
        settings.append(("http.sslCAInfo", place.ca_file))
    if credential is not None:
        header = credential.header()
        if header is None:
            raise RemoteUnreachable(
                "a credential for git must go into a header; it is declared for the query"
            )
        settings.append(("http.extraHeader", f"{header[0]}: {header[1]}"))
    return Remote(repository.url(upstream), tuple(settings))


async def _allowed_addresses(upstream: Upstream, *, allow_loopback: bool) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            upstream.host, upstream.port, type=socket.SOCK_STREAM
        )
    except OSError as error:
        raise RemoteUnreachable(f"its name cannot be resolved: {error.strerror}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refusals = {address: judge(address, allow_loopback=allow_loopback) for address in addresses}
    allowed = [
        f"[{address}]" if ":" in address else address for address in addresses if not refusals[address]
    ]
    if not allowed:
        why = next((refusal for refusal in refusals.values() if refusal), "it has no address")
        raise RemoteUnreachable(f"it is not dialled: {why}")
    return allowed

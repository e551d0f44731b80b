"""Addresses in the answers of GitHub-shaped services lead back to the gateway, because clients follow them; pure.

PyGithub refuses an address of another host, Octokit follows `Link`. Only where a JSON string begins with an address
is it exchanged, as the bytes stream by; no more than one address is held back.
"""

import re
from dataclasses import dataclass

from decision.catalogue import Service
from gateway.git.repository import base_url
from gateway.wire import Headers

LINKING = frozenset({b"link", b"location"})
"""Headers that hold addresses: they pass where all of these could be exchanged."""
_DEFAULT_HOST = b"127.0.0.1:8080"
_ADDRESS = re.compile(rb"https?://[^/?#>\s]*")


def service_url(service: str, headers: Headers) -> str:
    """The address of a service as the client of a request wrote it."""
    host = next((value for name, value in headers if name == b"host"), _DEFAULT_HOST)
    return f"http://{host.decode('latin-1')}/{service}"


@dataclass(frozen=True, slots=True)
class Links:
    """The address of a service as it knows itself, and as its client knows it."""

    theirs: bytes
    ours: bytes

    def headers(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers with addresses exchanged; without those that lead elsewhere, and without the body's length."""
        length = {b"content-length"} if self._exchanges(headers) else set()
        kept = [header for header in headers if header[0] not in length]
        return [
            (name, self._exchanged(value)) if name in LINKING else (name, value)
            for name, value in kept
            if name not in LINKING or self._leads_back(value)
        ]

    def body(self, headers: list[tuple[bytes, bytes]]) -> "Relinked | None":
        """What exchanges the addresses in a body with these headers; nothing where it is no JSON."""
        return Relinked(self) if self._exchanges(headers) else None

    def _exchanges(self, headers: list[tuple[bytes, bytes]]) -> bool:
        said = dict(headers)
        kind = said.get(b"content-type", b"").partition(b";")[0].strip().lower()
        return (kind == b"application/json" or kind.endswith(b"+json")) and b"content-encoding" not in said

    def _leads_back(self, value: bytes) -> bool:
        rest = re.sub(re.escape(self.theirs) + rb"(?=[/?#>]|\Z)", b"", value)
        return _ADDRESS.search(rest) is None

    def _exchanged(self, value: bytes) -> bytes:
        return value.replace(self.theirs, self.ours)


def links_of(service: Service, headers: Headers) -> Links | None:
    """How the addresses in a service's answers are exchanged; nothing where they stay as they are."""
    if service.errors != "github":
        return None
    return Links(
        base_url(service.upstream).encode("ascii"), service_url(service.name, headers).encode("latin-1")
    )


class Relinked:
    """One body: what is fed comes out with its addresses exchanged, however it is split."""

    __slots__ = ("_before", "_held", "_needle", "_ours", "_pattern")

    def __init__(self, links: Links) -> None:
        self._needle = b'"' + links.theirs
        # A quote behind a backslash is text within a string. At the end of what is looked at, another quote follows.
        self._pattern = re.compile(rb"(?<!\\)" + re.escape(self._needle) + rb'(?=[/?#{"]|\Z)')
        self._ours = b'"' + links.ours
        self._before = b""
        """The last byte that left."""
        self._held = b""

    def feed(self, chunk: bytes, *, last: bool = False) -> bytes:
        """What may leave now: all but an address that begins at the end and may go on in the next chunk."""
        data = self._before + self._held + chunk
        kept = 0 if last else self._begun(data)
        ready = data[: len(data) - kept]
        self._held = data[len(data) - kept :]
        leaves = self._pattern.sub(lambda _: self._ours, ready)[len(self._before) :]
        self._before = ready[-1:]
        return leaves

    def _begun(self, data: bytes) -> int:
        longest = min(len(self._needle), len(data) - len(self._before))
        return next((length for length in range(longest, 0, -1) if data.endswith(self._needle[:length])), 0)

"""HTTP over the unix socket of one part of Doorless: asks, reads the answer by its type, translates failures.

Knows nothing of what is asked. Promises: nothing but `Failure` leaves, no proxy and no redirect is followed.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from workflows.failure import Unreachable

# httpx loads its own command line (click, rich, pygments: 0.2 s) wherever those are installed, as they are here.
# Barring that one module makes it take its documented path for an installation without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

Answer = TypeVar("Answer")

_REMEDY = "Is `doorless up --home HOME` running on this home? `doorless doctor` shows what runs."
_DEADLINE_S = 10.0


class Control:
    """One part's control socket."""

    def __init__(self, part: str, socket: Path, remedy: str = _REMEDY) -> None:
        """`remedy` is what to do where the part cannot be reached there."""
        self.part = part
        self._remedy = remedy
        self._socket = socket
        # No TLS on a unix socket: without `verify=False` httpx spends 25 ms on certificates it never uses.
        transport = httpx.AsyncHTTPTransport(uds=str(socket), verify=False)
        self._http = httpx.AsyncClient(
            transport=transport,
            base_url=f"http://{part}",
            timeout=_DEADLINE_S,
            trust_env=False,
        )

    async def ask(
        self, method: str, target: str, document: object = None, *, within_s: float = _DEADLINE_S
    ) -> "Reply":
        """Ask once, within 10 s or as said; any answer of the part is a `Reply`, silence is `Unreachable`."""
        content = None if document is None else msgspec.json.encode(document)
        try:
            response = await self._http.request(
                method, target, content=content, headers=_headers(content), timeout=within_s
            )
        except httpx.HTTPError as error:
            raise self.unreachable(error) from error
        return Reply(self.part, response.status_code, response.content)

    @asynccontextmanager
    async def stream(self, method: str, target: str, document: object) -> AsyncIterator["LineStream"]:
        """Ask, and hold the answer open as lines, without a deadline between them. Leaving closes it."""
        content = msgspec.json.encode(document)
        timeout = httpx.Timeout(_DEADLINE_S, read=None)
        request = self._http.build_request(
            method, target, content=content, headers=_headers(content), timeout=timeout
        )
        try:
            response = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise self.unreachable(error) from error
        try:
            yield LineStream(self, response)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    def unreachable(self, error: Exception) -> Unreachable:
        """The failure that a broken conversation with this part is."""
        if isinstance(error, httpx.ConnectError):
            why = f"Nothing listens on {self._socket}."
        elif isinstance(error, httpx.TimeoutException):
            why = f"It did not answer within {_DEADLINE_S:.0f} s."
        else:
            why = f"The connection broke ({type(error).__name__})."
        return Unreachable(f"The {self.part} cannot be reached.", why, self._remedy)


class Reply:
    """One answer of a part: its status, and its body read as the type that the asker names."""

    def __init__(self, part: str, status: int, body: bytes) -> None:
        self.status = status
        self._part = part
        self._body = body

    @property
    def succeeded(self) -> bool:
        """Whether the part did what was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, section 15.3

    def read(self, kind: type[Answer]) -> Answer:
        """The body as `kind`; raises `Unreachable` where it is anything else."""
        try:
            return msgspec.json.decode(self._body, type=kind)
        except msgspec.DecodeError as error:
            raise Unreachable(
                f"The {self._part} answered something unreadable (HTTP {self.status}).",
                f"{error}.",
                "Are its version and this command's the same? Restart `doorless up`.",
            ) from error


class LineStream:
    """An answer that stays open: newline-delimited JSON documents, one at a time."""

    def __init__(self, control: Control, response: httpx.Response) -> None:
        self.status = response.status_code
        self._control = control
        self._response = response
        self._lines = response.aiter_lines()

    async def next(self, kind: type[Answer]) -> Answer | None:
        """The next document, or `None` where the part closed the stream or went away. An empty line is a sign of life."""
        line: str | None = ""
        try:
            while line == "":
                line = await anext(self._lines, None)
        except (httpx.HTTPError, httpx.StreamError):
            return None
        return None if line is None else Reply(self._control.part, self.status, line.encode()).read(kind)

    async def reply(self) -> Reply:
        """The whole answer, where it is not a stream after all (a refusal)."""
        try:
            body = await self._response.aread()
        except httpx.HTTPError as error:
            raise self._control.unreachable(error) from error
        return Reply(self._control.part, self.status, body)


def _headers(content: bytes | None) -> dict[str, str]:
    return {} if content is None else {"content-type": "application/json"}

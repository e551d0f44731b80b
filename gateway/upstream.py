"""The one way out: a call is sent only with its allow and the receipt of that allow.

Never follows a redirect, reads nothing from the environment, dials only addresses that the guard lets through,
and injects exactly one credential, last. Bodies stream both ways.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from audit.receipt import Receipt
from decision.catalogue import GitSide, Service
from decision.model import Allow
from gateway.addresses import DIALLED, AddressForbidden, guarded_socket
from gateway.body import RequestBody
from gateway.call import Call
from gateway.caller import Caller
from gateway.credentials import Credential, Credentials, CredentialUnavailable
from gateway.git.inflated import bounded
from gateway.git.repository import base_url
from gateway.headers import REQUEST_ALLOWED, RESPONSE_ALLOWED, forwardable, returnable
from gateway.links import LINKING
from gateway.outcome import Result

CONNECT_S = 5.0
IDLE_S = 60.0
"""How long an upstream may be silent in the middle of an answer, event streams with heartbeats included."""

READ_BYTES = 1024 * 1024
READ_WITHIN_S = 20.0

FINAL_STATUS = range(200, 600)
"""Statuses that are an answer: an upgrade is none (we never ask for one), and neither is what RFC 9110 has no class for."""

_LOGGER = logging.getLogger("gateway.upstream")
_SENT_AGAIN = frozenset({"GET", "HEAD"})
"""Safe methods: the only ones that aiohttp may send once more."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The upstream gave no answer: why, in a code for the agent and a text for the operator."""

    code: str
    message: str
    result: Result
    forwarded: bool
    """Whether the upstream may have seen the call."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The head of an upstream's answer, made fit for an agent; the body is read with `chunks`."""

    status: int
    headers: list[tuple[bytes, bytes]]
    response: aiohttp.ClientResponse
    line: "_Line"

    watch: Callable[[bytes], None] | None = None
    """Is shown each chunk as it comes from the upstream."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises `aiohttp.ClientError` or `TimeoutError` where it breaks off."""
        chunks = self.response.content.iter_any()
        return chunks if self.watch is None else _watched(chunks, self.watch)

    async def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        if self.response.content.is_eof():
            self.response.release()
        else:
            self.response.close()
        await self.line.leave()


async def _watched(chunks: AsyncIterator[bytes], watch: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        watch(chunk)
        yield chunk


class Upstreams:
    """Connections to every service of the catalogue in force."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._lines: dict[tuple[str, bool], _Line] = {}
        """By service; a service has another line for its git side."""

    async def send(
        self, call: Call, caller: Caller, allow: Allow, receipt: Receipt, body: RequestBody
    ) -> Answered | Failed:
        """Make the call that `allow` allows and `receipt` proves to be recorded.

        Promises: the upstream sees the path and query that policy judged, byte for byte (a read of git's: the
        repository that was judged, in the one spelling of its name), and one credential of ours.
        Raises `BodyTooLarge` and `ClientGone` for what the request's body does on its way.
        """
        if receipt.entry_id != call.id:
            raise ReceiptMismatch(call.id)
        try:
            credential = self._credentials.fetch(allow.terms.credential, caller, call.service.name)
        except CredentialUnavailable as error:
            return Failed("obligation_failed", str(error), "upstream_error", forwarded=False)
        line = await self._line(call.service, git=call.git is not None)
        line.enter()
        try:
            response = await _within(allow, line.request(call, credential, _content(call, allow, body)))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            await line.leave()
            if body.failure is not None:
                raise body.failure from error
            return _failed(error)
        except BaseException:
            await line.leave()
            raise
        if response.status not in FINAL_STATUS:
            response.close()
            await line.leave()
            return Failed("upstream.failed", f"status {response.status}", "upstream_error", forwarded=True)
        headers = returnable(response.raw_headers, line.response_headers)
        return Answered(response.status, headers, response, line)

    async def read(self, service: Service, path: str, reference: str | None, caller: Caller) -> bytes | None:
        """A document of a service, read for the gateway itself: no agent is shown it, so there is no decision on it.

        Nothing where it cannot be read, is no answer of 200, or is larger than `READ_BYTES`.
        """
        try:
            credential = self._credentials.fetch(reference, caller, service.name)
        except CredentialUnavailable:
            return None
        line = await self._line(service, git=False)
        line.enter()
        try:
            async with asyncio.timeout(READ_WITHIN_S), await line.look(path, credential) as response:
                return await _small(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            _LOGGER.warning("%s cannot be read: %s", service.name, _cause(error))
            return None
        finally:
            await line.leave()

    async def close(self) -> None:
        """Close every connection."""
        for line in self._lines.values():
            await line.retire()
        self._lines.clear()

    async def _line(self, service: Service, *, git: bool) -> "_Line":
        """The line to a service as the catalogue now describes it; an older one ends with its last call."""
        name = (service.name, git)
        line = self._lines.get(name)
        if line is not None and (line.service is service or line.service == service):
            return line
        self._lines[name] = fresh = _Line(service, self._credentials, service.git if git else None)
        if line is not None:
            await line.retire()
        return fresh


class ReceiptMismatch(Exception):
    """A receipt of another decision was shown: a defect of ours, and the call is not made."""


class _Line:
    """The pooled connections to one service, or to its git side, and what is the same for each of its calls."""

    def __init__(self, service: Service, credentials: Credentials, git: GitSide | None = None) -> None:
        self.service = service
        self._git = git
        self._calls = 0
        self._retired = False
        ours = credentials.header_names()
        of_git = () if git is None else ("git-protocol",)
        self.request_headers = _names(REQUEST_ALLOWED, (*service.request_headers, *of_git)) - ours
        linking = LINKING if service.errors == "github" else frozenset()
        self.response_headers = _names(RESPONSE_ALLOWED | linking, service.response_headers) - ours
        upstream = service.upstream if git is None else git.upstream
        self._base = base_url(upstream)
        connector = aiohttp.TCPConnector(
            limit=0,
            ssl=_tls(service.ca_file) if upstream.scheme == "https" else True,
            socket_factory=guarded_socket(
                allow_loopback=service.allow_loopback if git is None else git.allow_loopback
            ),
            happy_eyeballs_delay=None,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=IDLE_S),
            trust_env=False,
            middlewares=(_at_most_once,),
            requote_redirect_url=False,
        )

    async def request(
        self, call: Call, credential: Credential | None, content: AsyncIterator[bytes] | bytes | None
    ) -> aiohttp.ClientResponse:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in forwardable(call.headers, self.request_headers)
        ]
        headers.append(("Accept-Encoding", "identity"))
        if isinstance(content, AsyncIterator) and call.question.body_bytes >= 0:
            headers.append(("Content-Length", str(call.question.body_bytes)))
        if self._git is None or call.git is None:
            target = self._base + call.path.decode("ascii")
        else:
            target = call.git.url(self._git.upstream)
        query = call.query
        if credential is not None:
            injected = credential.header()
            if injected is not None:
                headers.append(injected)
            query = b"&".join(part for part in (query, credential.query()) if part)
        if query:
            target = f"{target}?{query.decode('ascii')}"
        return await self._session.request(
            call.question.method,
            URL(target, encoded=True),
            headers=headers,
            data=content,
            allow_redirects=False,
        )

    async def look(self, path: str, credential: Credential | None) -> aiohttp.ClientResponse:
        """Ask for a document of the service, for the gateway itself."""
        headers = [
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "doorless"),
        ]
        query = b"" if credential is None else credential.query()
        injected = None if credential is None else credential.header()
        target = self._base + path + (f"?{query.decode('ascii')}" if query else "")
        return await self._session.get(
            URL(target, encoded=True),
            headers=headers if injected is None else [*headers, injected],
            allow_redirects=False,
        )

    def enter(self) -> None:
        """One more call is under way."""
        self._calls += 1

    async def leave(self) -> None:
        """A call has ended; the last one of a retired line closes it."""
        self._calls -= 1
        await self._close_if_done()

    async def retire(self) -> None:
        """Take no new calls: the catalogue has changed, or the gateway ends."""
        self._retired = True
        await self._close_if_done()

    async def _close_if_done(self) -> None:
        if self._retired and self._calls == 0:
            await self._session.close()


async def _small(response: aiohttp.ClientResponse) -> bytes | None:
    """The body of an answer of 200; nothing for another one, or for a body over `READ_BYTES`."""
    read = b""
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > READ_BYTES:
            return None
    return read if response.status == HTTPStatus.OK else None


class _Unanswered(aiohttp.ClientError):
    """The connection ended before an answer; said in a way that aiohttp does not take for an invitation."""


async def _at_most_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a call twice.

    By itself it repeats every idempotent method, PUT and DELETE too, also on a fresh connection. Only a safe call
    that met a kept connection just as the upstream closed it is sent once more; one allow is otherwise one call.
    """
    DIALLED.set(False)
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.method in _SENT_AGAIN and not DIALLED.get():
            raise
        raise _Unanswered(type(error).__name__) from error


async def _within(
    allow: Allow, request: Coroutine[None, None, aiohttp.ClientResponse]
) -> aiohttp.ClientResponse:
    timeout_ms = allow.terms.timeout_ms
    async with asyncio.timeout(None if timeout_ms is None else timeout_ms / 1000):
        return await request


def _failed(error: BaseException) -> Failed:
    if isinstance(error, aiohttp.InvalidURL):
        return Failed("upstream.failed", "the URL cannot be sent", "upstream_error", forwarded=False)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Failed("upstream.timeout", "no connection in time", "timeout", forwarded=False)
    if isinstance(error, TimeoutError):
        return Failed("upstream.timeout", "no answer in time", "timeout", forwarded=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failed("upstream.unreachable", _cause(error), "upstream_error", forwarded=False)
    return Failed("upstream.failed", _cause(error), "upstream_error", forwarded=True)


def _content(call: Call, allow: Allow, body: RequestBody) -> AsyncIterator[bytes] | bytes | None:
    if call.question.body_bytes == 0:
        return b"" if call.question.method in {"POST", "PUT", "PATCH"} else None
    if call.git is not None and any(name == b"content-encoding" for name, _ in call.headers):
        return bounded(body, allow.terms.max_body_bytes)
    return body.chunks(allow.terms.max_body_bytes)


def _names(built_in: frozenset[bytes], declared: tuple[str, ...]) -> frozenset[bytes]:
    return built_in | {name.encode("ascii") for name in declared}


def _tls(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _cause(error: BaseException) -> str:
    """The reason for the operator's log, without the credential that a URL may carry."""
    cause = error.__cause__ or error
    if isinstance(cause, AddressForbidden):
        return str(cause)
    return type(error).__name__

"""Asking one witness for its cosignature, from the log's side (c2sp.org/tlog-witness).

Promises that only a cosignature that verifies counts as one, that an answer is bounded in size and time, and that what
the witness says of a larger or another tree is handed on and not explained away.
"""

from dataclasses import dataclass, field
from typing import Final

import httpx

from audit.merkle import consistency_proof
from audit.note import COSIGNATURE, NoteInvalid, Verifier, open_note
from audit.published import NotPublished, Published
from audit.statements import Statement
from audit.tiles import TileInvalid
from audit.tree_hashes import TreeHashes
from audit.witness.folder import origin_hash
from audit.witness.request import encode_request

TIMEOUT_S: Final = 5.0
MAX_ANSWER_BYTES: Final = 64 * 1024
_TRIES: Final = (
    3  # the first learns the witness's size, the second uses it; another log's writer may come between
)
_UNIX: Final = "unix:"
_MAX_SIZE_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness has cosigned: the signature line, verified, and the time that it states."""

    line: str
    time: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """The witness has cosigned a larger tree than ours: the log was set back, or somebody else goes on with it."""

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness will not cosign this: a fork as far as it can see, or it does not know the log (any more)."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer that counts."""

    why: str


Asked = Cosigned | Ahead | Refused | Unreachable


@dataclass(slots=True)
class WitnessLink:
    """One witness. `address` is `unix:PATH` or an http(s) URL prefix; `known` the size that it cosigned last, as we know."""

    verifier: Verifier
    address: str
    known: int = 0
    _client: httpx.AsyncClient | None = field(default=None, repr=False)

    async def ask(self, published: Published, newest: Statement) -> Asked:
        """Ask it to cosign the checkpoint `newest`, whose tiles are published."""
        for _ in range(_TRIES):
            try:
                body = self._request(published, newest)
                status, answer = await self._post(body)
            except (NotPublished, TileInvalid, ValueError) as error:
                return Unreachable(f"there is no proof from {self.known} entries on: {error}")
            except httpx.HTTPError as error:
                return Unreachable(f"{self.address}: {type(error).__name__} {error}".strip())
            if status != httpx.codes.CONFLICT:
                return self._read(status, answer, newest)
            size = answer.strip()
            if not size.isascii() or not size.isdecimal() or len(size) > _MAX_SIZE_DIGITS:
                return Unreachable(f"it answers a conflict with no size: {size!r:.60}")
            self.known = int(size)
            if self.known > newest.size:
                return Ahead(self.known)
        return Unreachable("its size changes with every question: does another writer use this log's key?")

    async def latest(self, origin: str) -> bytes | None:
        """The last checkpoint of the log that it cosigned, as it shows it; None where it does not answer with one."""
        try:
            reply = await self._connected().get(f"{self._prefix()}/{origin_hash(origin)}/checkpoint")
        except httpx.HTTPError:
            return None
        return reply.content if reply.status_code == httpx.codes.OK else None

    async def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            await self._client.aclose()

    def _request(self, published: Published, newest: Statement) -> bytes:
        old = min(self.known, newest.size)
        self.known = old  # where it has more, it will say how much
        hashes = consistency_proof(old, newest.size, TreeHashes(published, newest.size).hash_at)
        return encode_request(old, hashes, newest.note)

    async def _post(self, body: bytes) -> tuple[int, str]:
        request = self._connected().stream("POST", f"{self._prefix()}/add-checkpoint", content=body)
        async with request as reply:
            answer = bytearray()
            async for piece in reply.aiter_bytes():
                answer += piece
                if len(answer) > MAX_ANSWER_BYTES:
                    raise httpx.DecodingError("the answer is too large")
        return reply.status_code, answer.decode("utf-8", "replace")

    def _read(self, status: int, answer: str, newest: Statement) -> Asked:
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Unreachable(f"it answers {status}")
        if status != httpx.codes.OK:
            return Refused(status, answer.strip()[:200])
        try:
            opened = open_note(newest.checkpoint.text().encode() + b"\n" + answer.encode(), [self.verifier])
        except NoteInvalid as error:
            return Unreachable(f"its answer holds no cosignature of {self.verifier.name}: {error}")
        signed = opened.signatures[0]
        if signed.by.type != COSIGNATURE:
            return Unreachable("its answer is signed, but no cosignature")
        self.known = newest.size
        return Cosigned(signed.line, signed.time)

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            unix = self.address.removeprefix(_UNIX) if self.address.startswith(_UNIX) else None
            transport = httpx.AsyncHTTPTransport(uds=unix) if unix is not None else None
            self._client = httpx.AsyncClient(
                timeout=TIMEOUT_S, transport=transport, follow_redirects=False, trust_env=False
            )
        return self._client

    def _prefix(self) -> str:
        return "http://witness" if self.address.startswith(_UNIX) else self.address.rstrip("/")


def with_cosignatures(newest: Statement, lines: list[str]) -> bytes:
    """The note with these signature lines added."""
    return newest.note + "".join(lines).encode()

"""The issuer as this service sees it: its public keys, and its word whether a token is still active.

I/O lives here and no rule about routes. Promise: an introspection answer is never kept, so that a token of an
ended workflow is refused at once; keys are kept for minutes; an issuer that cannot be asked means no.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

KEYS_LIFETIME_S = 300.0  # a withdrawn key is forgotten after this at the latest
KEYS_BURST = 5  # unknown key ids cause at most this many fetches …
KEYS_WINDOW_S = 10.0  # … in this time
_TIMEOUT = aiohttp.ClientTimeout(total=3.0)
_ANSWER_LIMIT = 65_536  # bytes
_OK = 200


class IssuerUnavailableError(Exception):
    """The issuer could not be asked, or did not answer as RFC 7517 and RFC 7662 say."""


class Issuer:
    """One issuer, one pooled client. Make it inside a running event loop and close it there."""

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`client_id` is this service's audience and `secret` its secret at the issuer (RFC 6749, 2.3.1)."""
        self._url = url
        self._authorization = aiohttp.encode_basic_auth(client_id, secret)
        self._monotonic = monotonic
        self._keys: dict[str, ECKey] = {}
        self._fetched_at = float("-inf")
        self._fetches: deque[float] = deque(maxlen=KEYS_BURST)
        self._fetching = asyncio.Lock()
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._session.close()

    async def key(self, key_id: str) -> ECKey | None:
        """Return the public key named `key_id`, or None where the issuer has none; raises IssuerUnavailableError."""
        if not self._is_stale() and key_id in self._keys:
            return self._keys[key_id]
        async with self._fetching:
            if self._is_stale() or (key_id not in self._keys and self._may_fetch()):
                await self._fetch()
            return self._keys.get(key_id)

    def _is_stale(self) -> bool:
        return self._monotonic() - self._fetched_at > KEYS_LIFETIME_S

    def _may_fetch(self) -> bool:
        return len(self._fetches) < KEYS_BURST or self._monotonic() - self._fetches[0] > KEYS_WINDOW_S

    async def _fetch(self) -> None:
        if not self._may_fetch():
            raise IssuerUnavailableError("its keys could not be read several times in a row")
        self._fetches.append(self._monotonic())
        self._keys = _read_keys(await self._call("GET", "/.well-known/jwks.json"))
        self._fetched_at = self._monotonic()

    async def is_active(self, token: str) -> bool:
        """Ask the issuer whether `token` is active now (RFC 7662, 2.2); raises IssuerUnavailableError."""
        answer = await self._call("POST", "/introspect", {"token": token, "token_type_hint": "access_token"})
        active = answer.get("active")
        if not isinstance(active, bool):
            raise IssuerUnavailableError("the introspection answer has no `active`")
        return active

    async def _call(self, method: str, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if form is not None:
            headers["Authorization"] = self._authorization
        try:
            async with self._session.request(
                method, self._url + path, data=form, headers=headers, allow_redirects=False
            ) as answer:
                body = await answer.content.read(_ANSWER_LIMIT + 1)
                while len(body) <= _ANSWER_LIMIT and (more := await answer.content.readany()):
                    body += more
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise IssuerUnavailableError(f"{path}: {type(error).__name__}") from error
        if answer.status != _OK or len(body) > _ANSWER_LIMIT:
            raise IssuerUnavailableError(f"{path}: status {answer.status}, {len(body)} bytes")
        return _read_object(body, path)


def _read_object(body: bytes, path: str) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except ValueError as error:
        raise IssuerUnavailableError(f"{path}: not JSON") from error
    if not isinstance(document, dict):
        raise IssuerUnavailableError(f"{path}: not a JSON object")
    return document


def _read_keys(document: dict[str, Any]) -> dict[str, ECKey]:
    """Keep the P-256 keys; a key of another kind, or one that cannot be read, is no key of ours (RFC 7517, 5)."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise IssuerUnavailableError("the key set has no list of keys")
    keys: dict[str, ECKey] = {}
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("kty") != "EC" or entry.get("crv") != "P-256":
            continue
        try:
            keys[str(entry["kid"])] = ECKey.import_key(entry)
        except (JoseError, ValueError, KeyError):
            continue
    return keys

"""opa-python-client over a unix socket: readiness and health of the child, and a second way to ask.

Only what this release uses is opened: no retries (one policy conflict would cost 0.9 s), no policy upload,
a short time limit. The library's private session hook is used, so its version is pinned by the hashed
requirements.
"""

from pathlib import Path

import aiohttp
from opa_client.errors import ConnectionsError
from opa_client.opa_async import AsyncOpaClient

from decision.decider import DEADLINE_S

_POLL_S = 0.003


class UnixOpaClient(AsyncOpaClient):  # type: ignore[misc]  # the library ships no types
    """An `AsyncOpaClient` for one OPA behind a unix socket; used with `async with`."""

    def __init__(self, socket_path: Path, token: str, timeout_s: float = DEADLINE_S) -> None:
        super().__init__(host="opa", token=token, retries=0, timeout=timeout_s)
        self._socket_path = socket_path

    async def open(self) -> None:
        """Open it without `async with`; `close_connection` closes it."""
        await self._init_session()

    async def _init_session(self) -> None:
        # A connection for each question: aiohttp does not repeat a POST on one that was closed while idle.
        self._connector = aiohttp.UnixConnector(str(self._socket_path), limit=64, force_close=True)
        self._session = aiohttp.ClientSession(
            headers=self.headers,
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=self.timeout),
            trust_env=False,
        )

    async def post(self, path: str, body: bytes, max_bytes: int) -> tuple[int, bytes] | None:
        """The status and body of the answer to one POST; `None` if the body is longer than `max_bytes`.

        `path` is a constant of ours, never built from a request.
        Raises `aiohttp.ClientError`, `TimeoutError`.
        """
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        url = f"{self.schema}{self.host}:{self.port}{path}"
        async with self._request("POST", url, data=body, headers=headers, allow_redirects=False) as response:
            read = bytearray()
            async for chunk in response.content.iter_any():
                read += chunk
                if len(read) > max_bytes:
                    response.close()
                    return None
            return response.status, bytes(read)

    async def ready_within(self, seconds: float) -> bool:
        """Whether OPA answers its health question before `seconds` are over."""
        try:
            return bool(await self.wait_for_ready(timeout=seconds, interval=_POLL_S))
        except ConnectionsError:
            return False

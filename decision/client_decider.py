"""The same decider on opa-python-client: what the contract tests hold against the hot path.

Slower (aiohttp), and made for policy engines that are not our child. It asks one question at a time, never
twice.
"""

from pathlib import Path

import aiohttp

from decision.decider import (
    BAD_EXCHANGE,
    DEADLINE_S,
    MAX_ANSWER_BYTES,
    TOO_LONG,
    UNREACHED,
    engine_error,
    path_of,
    unavailable,
)
from decision.document import read_answer
from decision.model import Decision
from decision.question import Question, encode_question
from decision.unix_opa_client import UnixOpaClient


class ClientDecider:
    """A `Decider` on an `AsyncOpaClient` over a unix socket."""

    def __init__(self, socket_path: Path, token: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._client = UnixOpaClient(socket_path, token, deadline_s)
        self._open = False
        self._closed = False

    async def ask(self, question: Question) -> Decision:
        """The decision, at the latest when the deadline is over; see `Decider`."""
        if self._closed:
            return unavailable("The policy engine was asked after it was let go.")
        if not self._open:
            self._open = True
            await self._client.open()
        body = b'{"input":%b}' % encode_question(question)
        try:
            answer = await self._client.post(path_of(question), body, MAX_ANSWER_BYTES)
        except (aiohttp.ClientResponseError, aiohttp.http.HttpProcessingError):
            return engine_error(BAD_EXCHANGE)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return unavailable(UNREACHED)
        if answer is None:
            return engine_error(TOO_LONG)
        status, read = answer
        return read_answer(status, read)

    async def close(self) -> None:
        """Close all connections; what is still asked is denied."""
        self._closed = True
        await self._client.close_connection()

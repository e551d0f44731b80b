"""One evaluation by OPA as bytes: what is sent for some questions, and the decisions that come back.

Knows no connection and no queue. Whatever comes back is a decision on each question, or one denial about all of them.
"""

import logging
from collections.abc import Callable, Sequence

import msgspec

from decision.decider import (
    BAD_EXCHANGE,
    BATCH_PATH,
    CHANGE_PATH,
    JURY_PATH,
    REQUEST_PATH,
    TOKEN_PATH,
    TOO_LONG,
    UNREACHED,
    engine_error,
    unavailable,
)
from decision.document import read_answer, read_batch, read_document
from decision.exchange import Answer, Failure, Outcome
from decision.model import Decision, Deny

_PATHS = (REQUEST_PATH, TOKEN_PATH, CHANGE_PATH, JURY_PATH, BATCH_PATH)

_log = logging.getLogger(__name__)


class Heads:
    """Builds requests for one engine; `token` is what it knows us by."""

    def __init__(self, token: str) -> None:
        self._heads = {path: _head(path, token) for path in _PATHS}

    def request(self, path: str, questions: Sequence[bytes]) -> bytes:
        """The HTTP request that asks encoded questions: one at `path`, several of requests together."""
        if len(questions) == 1:
            body = b'{"input":%b}' % questions[0]
        else:
            path = BATCH_PATH
            body = b'{"input":{"calls":[%b]}}' % b",".join(questions)
        return b"%b%d\r\n\r\n%b" % (self._heads[path], len(body), body)


def _head(path: str, token: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: opa\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode("ascii")


def read_outcome(
    outcome: Outcome, count: int, read: Callable[[msgspec.Raw], Decision] = read_document
) -> tuple[Decision, ...] | Deny:
    """The decisions on `count` questions; a single `Deny` where the answer says nothing about any of them.

    `read` takes each document of a batch.
    """
    try:
        match outcome:
            case Answer(status, body) if count == 1:
                return (read_answer(status, body),)
            case Answer(status, body):
                return read_batch(status, body, count, read)
            case Failure(kind="unreachable"):
                return (unavailable(UNREACHED),) * count
            case Failure(kind=kind):
                return engine_error(TOO_LONG if kind == "too_long" else BAD_EXCHANGE)
    except Exception:  # noqa: BLE001 - a defect of ours must not leave anybody waiting for an answer
        _log.exception("an answer of the policy engine could not be read")
        return engine_error(BAD_EXCHANGE)

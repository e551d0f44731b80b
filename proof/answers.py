"""Reading what came back on a raw connection: status, decision, headers and body. Nothing is judged here.

A body that breaks off is read as far as it goes.
"""

import http.client
import io
import re
from dataclasses import dataclass

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_DECISION = re.compile(rb"(?im)^x-doorless-decision:\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer on a connection. `status` is 0 where none came."""

    status: int
    decision: str
    headers: bytes
    body: bytes


class _Canned:
    """What http.client takes for a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: object) -> io.BytesIO:
        """The content as a file."""
        return io.BytesIO(self._content)


def read_answer(raw: bytes) -> Answer:
    """The first answer in these bytes."""
    status = _STATUS.match(raw)
    if status is None:
        return Answer(0, "", b"", b"")
    head = raw.partition(b"\r\n\r\n")[0]
    decision = _DECISION.search(head)
    named = decision[1].decode("ascii") if decision else ""
    return Answer(int(status[1]), named, head, _body(raw))


def _body(raw: bytes) -> bytes:
    response = http.client.HTTPResponse(_Canned(raw))  # type: ignore[arg-type]
    try:
        response.begin()
        return response.read()
    except http.client.IncompleteRead as broken:
        return broken.partial
    except (http.client.HTTPException, ValueError):
        return raw

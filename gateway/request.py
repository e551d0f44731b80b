"""The values that the first two stops work with: what was sent, its stamp, and a refusal before policy."""

from dataclasses import dataclass

from decision.model import Deny
from gateway.wire import Flaw, Headers


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request as it stood on the wire; `flaw` is what the parser itself found wrong."""

    method: str
    target: bytes
    headers: Headers
    flaw: Flaw | None = None


NO_REQUEST = RawRequest(method="-", target=b"", headers=())
"""In the place of a request, where an entry is about none in particular."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What describing needs from outside: a fresh decision id and the time in Unix seconds."""

    id: str
    now: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that never becomes a question: the denial that is recorded and the status that is shown.

    `id` is the decision id, made before the decision, so that every refusal can name it.
    """

    id: str
    denial: Deny
    status: int
    unreadable: bool = False
    """The request was ambiguous: what follows it on its connection cannot be trusted either."""

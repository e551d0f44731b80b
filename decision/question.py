"""The questions that policy is asked: complete, frozen documents with every field present.

Facts and digests only, never bodies. `now` is a fact, so that every recorded question can be asked again.
"""

from typing import Literal

import msgspec


class RequestQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this workflow make this call? One field per fact; see `docs/policies.md`."""

    version: Literal["1"] = "1"
    now: int
    """Unix seconds."""
    workflow: str
    role: str
    scope: tuple[str, ...]
    """Scope words of the verified token for this service: `action:data`, or `action` alone."""
    service: str
    route: str
    action: str
    data: str
    """The data class that the route touches; empty where it names none."""
    method: str
    path: str
    """The canonical raw path below the service: exactly the bytes that would be forwarded."""
    params: dict[str, str]
    """The parameters of the path template, percent-decoded once."""
    query: str
    """The raw query string, without the question mark."""
    body_bytes: int
    """The announced length of the body; -1 where it is not announced."""
    content_type: str
    scan: tuple[str, ...] = ()
    """What looks like a secret in what the agent sends, by id; empty where nothing does."""


class TokenQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this workflow be given tokens, for how much, for how long?"""

    version: Literal["1"] = "1"
    now: int
    workflow: str
    role: str
    only: tuple[str, ...]
    """The narrower scope that was asked for; empty asks for the whole role."""
    ttl_s: int
    renewal: bool


Question = RequestQuestion | TokenQuestion

_encoder = msgspec.json.Encoder()


def encode_question(question: Question) -> bytes:
    """The question as JSON, without the `input` wrapper. The digest that is recorded is taken of these bytes."""
    return _encoder.encode(question)

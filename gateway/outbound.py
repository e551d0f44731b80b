"""What an agent sends is searched for secrets before policy is asked: findings are facts, and policy decides.

Searched are the target, the header values that would travel, and the bodies of services that say `scan_bodies`.
A finding is an id. What holds one is never written to the log.
"""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from decision.question import RequestQuestion
from gateway.body import ClientGone, RequestBody
from gateway.call import Call
from gateway.headers import REQUEST_ALLOWED, forwardable
from gateway.request import RawRequest, Refused
from gateway.scrub import Scrubber
from gateway.token_shapes import SHAPES

MAX_BODY_BYTES = 64 * 1024
"""The largest body that is searched: it is read whole before policy is asked."""

LEFT_OUT = "[left out: it held what looks like a secret]"

_SHAPES = tuple((shape.id, shape.marker, re.compile(shape.pattern)) for shape in SHAPES)


async def searched(call: Call, scrubber: Scrubber, body: RequestBody) -> Call:
    """The call with what was found in it among its facts.

    A body that its service wants searched and that cannot be searched is a finding too: too large, encoded, or not
    complete.
    """
    allowed = REQUEST_ALLOWED | {name.encode("ascii") for name in call.service.request_headers}
    headers = forwardable(call.headers, allowed)
    found = findings(b"\n".join((call.path, call.query, *(value for _, value in headers))), scrubber)
    if call.service.scan_bodies and body.announced != 0:
        found += await _of_body(headers, scrubber, body)
    if not found:
        return call
    facts = tuple(sorted(set(found)))
    return replace(call, question=msgspec.structs.replace(call.question, scan=facts))


def findings(sent: bytes, scrubber: Scrubber) -> tuple[str, ...]:
    """The ids of what looks like a secret in these bytes: live secrets by reference, others by their shape."""
    shown = sent + b"\n" + unquote_to_bytes(sent) if b"%" in sent else sent
    shapes = [
        f"pattern.{name}" for name, marker, pattern in _SHAPES if marker in shown and pattern.search(shown)
    ]
    hit = scrubber.find(sent)
    return (*shapes, f"secret.{hit.reference}") if hit else tuple(shapes)


async def _of_body(
    headers: tuple[tuple[bytes, bytes], ...], scrubber: Scrubber, body: RequestBody
) -> tuple[str, ...]:
    if any(name == b"content-encoding" for name, _ in headers):
        return ("body.encoded",)
    try:
        sent = await body.read_ahead(MAX_BODY_BYTES)
    except ClientGone:
        return ("body.incomplete",)
    return ("body.too_large",) if sent is None else findings(sent, scrubber)


def loggable(question: RequestQuestion) -> dict[str, Any]:
    """A question as the log may hold it: without the texts of the agent's in which a secret may stand."""
    asked = {**msgspec.structs.asdict(question), "scope": list(question.scope), "scan": list(question.scan)}
    if question.scan:
        asked.update(path=LEFT_OUT, query=LEFT_OUT, params={}, content_type=LEFT_OUT)
    return asked


def without_secrets(refused: Refused, raw: RawRequest, scrubber: Scrubber) -> tuple[Refused, RawRequest]:
    """A refusal before policy and its request as the log may hold them."""
    if not findings(raw.target, scrubber):
        return refused, raw
    reasons = tuple(msgspec.structs.replace(reason, message=LEFT_OUT) for reason in refused.denial.reasons)
    quiet = replace(refused, denial=replace(refused.denial, reasons=reasons))
    return quiet, replace(raw, target=LEFT_OUT.encode("ascii"))

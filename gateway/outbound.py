"""What an agent sends is searched for secrets before policy is asked: findings are facts, and policy decides.

Searched are the target, the header values that would travel, and the bodies of services that say `scan_bodies`.
A finding is an id. What holds one is never written to the log.
"""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from audit.entry import quote_untrusted
from decision.catalogue import Catalogue
from decision.question import RequestQuestion, encode_question
from gateway.body import ClientGone, RequestBody
from gateway.call import Call
from gateway.headers import REQUEST_ALLOWED, forwardable
from gateway.holding.holds import TARGET_LIMIT
from gateway.request import RawRequest, Refused
from gateway.scrub import Scrubber
from gateway.token_shapes import SHAPES

MAX_BODY_BYTES = 64 * 1024
"""The largest body that is searched: it is read whole before policy is asked."""

LEFT_OUT = "[left out: it held what looks like a secret]"
PERSONAL = "[left out: it may name people]"

_SHAPES = tuple((shape.id, shape.marker, re.compile(shape.pattern)) for shape in SHAPES)


async def searched(call: Call, scrubber: Scrubber, body: RequestBody) -> Call:
    """The call with what was found in it among its facts.

    A body that its service wants searched and that cannot be searched is a finding too: too large, encoded, or not
    complete.
    """
    allowed = REQUEST_ALLOWED | {name.encode("ascii") for name in call.service.request_headers}
    headers = forwardable(call.headers, allowed)
    found = findings(b"\n".join((call.path, call.query, *(value for _, value in headers))), scrubber)
    # What becomes a push is searched as git has it: every new file, name and message.
    if call.service.scan_bodies and call.git is None and body.announced != 0:
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
    asked: dict[str, Any] = msgspec.json.decode(encode_question(question))
    if question.scan:
        asked.update(path=LEFT_OUT, query=LEFT_OUT, params={}, content_type=LEFT_OUT)
    return asked


def target_of(call: Call) -> str:
    """Method and target of a call as the log may hold them and a person may be shown them."""
    question = call.question
    if question.scan:
        return f"{question.method} {LEFT_OUT}"
    if call.service.personal:
        return f"{question.method} {PERSONAL}"
    query = f"?{question.query}" if question.query else ""
    return quote_untrusted(f"{question.method} {question.path}{query}", TARGET_LIMIT)


def without_secrets(refused: Refused, raw: RawRequest, scrubber: Scrubber) -> tuple[Refused, RawRequest]:
    """A refusal before policy and its request as the log may hold them."""
    if not findings(raw.target, scrubber):
        return refused, raw
    return _quiet(refused, LEFT_OUT), replace(raw, target=LEFT_OUT.encode("ascii"))


def without_people(refused: Refused, raw: RawRequest, catalogue: Catalogue) -> tuple[Refused, RawRequest]:
    """A refusal before policy as the log may hold it where its service says that requests may name people.

    The service is recognised wherever its name stands, because a refused target may be malformed. Nothing is put
    beside the log: what never reached policy is not asked again.
    """
    target = raw.target.decode("latin-1")
    named = [
        service.name for service in catalogue.services.values() if service.personal and service.name in target
    ]
    if not named:
        return refused, raw
    return _quiet(refused, PERSONAL), replace(raw, target=f"/{named[0]}/{PERSONAL}".encode("ascii"))


def _quiet(refused: Refused, text: str) -> Refused:
    reasons = tuple(msgspec.structs.replace(reason, message=text) for reason in refused.denial.reasons)
    return replace(refused, denial=replace(refused.denial, reasons=reasons))

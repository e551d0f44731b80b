"""What makes two calls the same call, and how a held one is kept: pure.

A person approves a digest. Whatever an upstream could tell apart is in it, so that nothing else passes under it.
"""

import base64
import hashlib

import msgspec

from audit.entry import Document
from decision.question import RequestQuestion, encode_question
from gateway.call import Call
from gateway.git.proposed import Proposed
from gateway.holding.denials import MAX_KEPT_BYTES

_ENCODER = msgspec.json.Encoder(order="sorted")


def digest_of(question: RequestQuestion, body: bytes, change: Proposed | None = None) -> str:
    """SHA-256 in hex over the canonical call: who asks, where, and every byte of what would be sent.

    Of a call that changes a repository the change is in it too: both commits, and the facts.
    Header values that travel are not in it but for the content type: they choose how an answer looks.
    """
    call = {
        "workflow": question.workflow,
        "role": question.role,
        "service": question.service,
        "route": question.route,
        "method": question.method,
        "path": question.path,
        "query": question.query,
        "content_type": question.content_type,
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }
    if change is not None:
        call |= {"base": change.base, "head": change.head, "facts_sha256": change.facts_sha256}
    return hashlib.sha256(_ENCODER.encode(call)).hexdigest()


def kept_call(question: RequestQuestion, body: bytes) -> Document:
    """A call as it is kept beside the log until a person's approval makes it."""
    return {
        "question": msgspec.json.decode(encode_question(question)),
        "body": base64.b64encode(body).decode("ascii"),
    }


def worth_keeping(call: Call, body: bytes) -> bool:
    """Whether persons may read what an agent sent and will repeat: not where it may have to be forgotten."""
    return 0 < len(body) <= MAX_KEPT_BYTES and not call.service.personal and not call.question.scan


def read_kept(document: Document) -> tuple[RequestQuestion, bytes]:
    """The call that was kept. Raises ValueError for what is none."""
    question = msgspec.convert(document.get("question"), RequestQuestion)
    return question, base64.b64decode(str(document.get("body")), validate=True)

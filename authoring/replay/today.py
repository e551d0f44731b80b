"""A recorded question in the form in which the gateway would ask it today; pure.

A fact that did not exist when a question was recorded has the value that stands for "nothing of that" in its type.
A policy that is about to be used is asked so, because the gateway will never ask it otherwise.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from authoring.model import Kind
from decision.jury import JuryQuestion
from decision.question import ChangeQuestion, RequestQuestion, TokenQuestion

_TYPES: Final[Mapping[Kind, type[msgspec.Struct]]] = {
    "request": RequestQuestion,
    "token": TokenQuestion,
    "change": ChangeQuestion,
    "jury": JuryQuestion,
}
_decoders: Final[Mapping[Kind, msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(of) for kind, of in _TYPES.items()
}
_encoder: Final = msgspec.json.Encoder(order="sorted")


def in_todays_form(kind: Kind, document: bytes) -> bytes | None:
    """The document with every fact of today; None where it has one that is not known today, or of another type.

    One that was recorded in today's form comes back byte for byte: the log's form is the canonical one.
    """
    try:
        return _encoder.encode(_decoders[kind].decode(document))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None

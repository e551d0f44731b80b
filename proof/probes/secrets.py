"""Secrets coming back: each form of a credential in a body, and each place of an answer.

The forms are exact ones. An upstream that enciphers what it shows is not found by anybody.
"""

from typing import Final

from proof.reflection_probe import ReflectionProbe
from proof.renderings import RENDERINGS

SECRETS: Final = (
    *(ReflectionProbe("body", rendering, "static") for rendering in RENDERINGS),
    *(
        ReflectionProbe(place, rendering, "static")
        for place in ("error", "header", "location", "pieces", "trailer")
        for rendering in ("raw", "base64")
    ),
    *(ReflectionProbe("body", rendering, "token") for rendering in ("raw", "hex", "base64", "reversed")),
    ReflectionProbe("pieces", "raw", "token"),
    ReflectionProbe("header", "raw", "token"),
)

"""The forms in which a secret can come back: one function a form, from the secret's bytes to what is sent; pure.

Written apart from the gateway's own list, so that one does not repeat the other's gaps.
"""

import base64
from collections.abc import Callable
from typing import Final

Render = Callable[[bytes], bytes]


def _base64_behind(before: bytes) -> Render:
    """Base64 of the secret in the middle of something longer: its alignment depends on what stands before."""
    return lambda secret: base64.b64encode(before + secret + b"#")


def _percent(secret: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in secret)


def _json_escapes(secret: bytes) -> bytes:
    return b"".join(b"\\u%04x" % byte for byte in secret)


def _entities(secret: bytes) -> bytes:
    return b"".join(b"&#%d;" % byte for byte in secret)


RENDERINGS: Final[dict[str, Render]] = {
    "raw": lambda secret: secret,
    "hex": lambda secret: secret.hex().encode(),
    "hex-capitals": lambda secret: secret.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64-one-on": _base64_behind(b"a"),
    "base64-two-on": _base64_behind(b"ab"),
    "base64url": lambda secret: base64.urlsafe_b64encode(secret).rstrip(b"="),
    "percent": _percent,
    "json-escapes": _json_escapes,
    "entities": _entities,
    "reversed": lambda secret: secret[::-1],
    "utf-16-le": lambda secret: secret.decode("ascii").encode("utf-16-le"),
    "utf-16-be": lambda secret: secret.decode("ascii").encode("utf-16-be"),
}
"""By name."""

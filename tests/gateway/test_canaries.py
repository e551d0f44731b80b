"""The scanner that guards the tests is itself proven: it finds 8 bytes in every rendering, and nothing by chance."""

import base64
import html
import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.canaries import Canaries

RENDERED: dict[str, Callable[[str], bytes]] = {
    "raw": lambda text: text.encode(),
    "reversed": lambda text: text[::-1].encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 behind one byte": lambda text: base64.b64encode(b"x" + text.encode() + b"y"),
    "base64 behind two bytes": lambda text: base64.urlsafe_b64encode(b"xy" + text.encode()),
    "percent": lambda text: "".join(f"%{ord(each):02x}" for each in text).encode(),
    "percent, partly": lambda text: quote(text, safe="").encode(),
    "JSON": lambda text: "".join(f"\\u{ord(each):04x}" for each in text).encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)).encode(),
    "HTML": lambda text: "".join(f"&#{ord(each)};" for each in text).encode(),
    "HTML, partly": lambda text: html.escape(text).encode(),
    "UTF-16": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32-le"),
    "base64, escaped": lambda text: quote(base64.b64encode(text.encode()), safe="").encode(),
}


@pytest.mark.parametrize("rendering", RENDERED)
def test_eight_bytes_in_any_rendering_are_found(rendering: str) -> None:
    """Any 12 bytes of a canary are found in each rendering, in the middle of other text.

    Without the view that undoes a rendering, that rendering's case failed (each was taken out once).
    """
    canaries = Canaries()
    secret = canaries.plant("one")
    for start in range(0, len(secret) - 12, 5):
        text = b'{"message": "no: ' + RENDERED[rendering](secret[start : start + 12]) + b'"}'
        assert canaries.found_in(text) == {"one"}


def test_seven_bytes_and_random_text_are_not_found() -> None:
    """Seven bytes are no finding, nor is a megabyte of random base64 letters.

    With windows of two bytes the random text held a canary.
    """
    canaries = Canaries()
    secret = canaries.plant("one")
    assert canaries.found_in(f"{secret[:7]} {secret[-7:]}".encode()) == set()
    letters = base64.b64encode(random.Random(4).randbytes(750_000))
    assert canaries.found_in(letters) == set()

"""Finds planted secrets: 8 consecutive bytes of one, in any rendering, in any bytes.

It decodes what it searches, where the product encodes what it looks for: what one of the two forgets, the other does not
share. `CANARIES` is the one set of a test session, so that a leak from one rig into another shows as well.
"""

import base64
import html
import re
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import ahocorasick

WINDOW = 8

_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{11,}={0,2}")
_BACKSLASH = re.compile(rb"\\(?:u00|x)([0-9A-Fa-f]{2})|\\([\"'\\/])")
_STANDARD = bytes.maketrans(b"-_", b"+/")


class Canaries:
    """A set of secrets that must turn up nowhere."""

    def __init__(self) -> None:
        self._windows: Any = ahocorasick.Automaton()

    def plant(self, name: str) -> str:
        """A fresh secret; all of it is random, so that no 8 bytes of it stand anywhere by chance."""
        secret = "k" + secrets.token_urlsafe(30)
        self.watch(name, secret)
        return secret

    def watch(self, name: str, secret: str) -> None:
        """Look for a secret that somebody else made."""
        for place in range(len(secret) - WINDOW + 1):
            self._windows.add_word(secret[place : place + WINDOW], name)

    def found_in(self, data: bytes) -> set[str]:
        """The names of the secrets of which 8 bytes stand in `data`, in whatever rendering."""
        if not len(self._windows):
            return set()
        self._windows.make_automaton()
        return {name for view in _views(data) for _, name in self._windows.iter(view.decode("latin-1"))}


CANARIES = Canaries()


def _views(data: bytes) -> Iterator[bytes]:
    """The data as each reader of a rendering would see it."""
    unescaped = html.unescape(unquote_to_bytes(_unslashed(data)).decode("latin-1")).encode(
        "latin-1", "replace"
    )
    for one in (data, unescaped) if unescaped != data else (data,):
        yield one
        yield one[::-1]
        yield one.replace(b"\0", b"")
        yield one.translate(bytes.maketrans(b"+/", b"-_"))
        for run in _HEX.findall(one):
            for start in range(2):
                digits = run[start:]
                yield bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
        for run in _BASE64.findall(one):
            plain = run.translate(_STANDARD).rstrip(b"=")
            for start in range(4):
                digits = plain[start:]
                whole = digits[: len(digits) - (len(digits) % 4 == 1)]
                yield base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _unslashed(data: bytes) -> bytes:
    return _BACKSLASH.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else found[2], data)

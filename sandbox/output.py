"""An agent's output made harmless: what a terminal would obey is escaped, and the whole is capped.

Pure and incremental; one Transcript serves both streams of a room, and each stream decodes for itself.
Promises printable text, newlines and tabs only, and one notice, once, when the cap is reached.
"""

import codecs
from typing import Final, Literal

Stream = Literal["stdout", "stderr"]


class Transcript:
    """Turns raw chunks into safe text until `limit` raw bytes, over both streams, have been shown."""

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self._left = limit
        self._capped = False
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders: Final = {"stdout": decoder("backslashreplace"), "stderr": decoder("backslashreplace")}

    def feed(self, stream: Stream, chunk: bytes) -> str:
        """Return the safe text of this chunk; an empty chunk ends the stream. Bytes over the cap are dropped."""
        shown = chunk[: self._left]
        self._left -= len(shown)
        text = escape(self._decoders[stream].decode(shown, final=not chunk))
        if len(shown) < len(chunk) and not self._capped:
            self._capped = True
            text += f"\n[doorless: output capped at {self._limit} bytes; the rest is dropped]\n"
        return text


def escape(text: str) -> str:
    """Return `text` with every character that is neither printable nor newline or tab written as an escape.

    Covers C0 and C1 controls, carriage return, bidirectional overrides and other invisible characters.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in "\n\t"
        else character.encode("unicode_escape").decode()
        for character in text
    )

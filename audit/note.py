"""Signed notes: text with signature lines, keys and their text form (c2sp.org/signed-note, c2sp.org/tlog-cosignature).

Pure: time comes in as an argument, keys as their 32 bytes. Promises that nothing of a note's text is handed out
unless a signature of a known key verified, and that a known key's wrong signature spoils the whole note.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
KEY_BYTES: Final = 32
MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100  # the specification asks for room for 16 at least
_DASH: Final = "\N{EM DASH} "
_KEY_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_MAX_TIME: Final = 2**63 - 1
_FIRST_PRINTABLE: Final = " "


class NoteInvalid(ValueError):
    """Not a signed note, not a key, or not signed as it must be; the text says why."""


class NoteMalformed(NoteInvalid):
    """The bytes are not a note at all, whoever may have signed them."""


class KeyMalformed(NoteInvalid):
    """The text is not a verifier key of a type that is known here."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name and signature type; (name, key_id) is what a signature line refers to."""

    name: str
    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, tell keys apart."""
        return key_id(self.name, self.type, self.public)

    @property
    def vkey(self) -> str:
        """`name+hex(key id)+base64(type || public key)`, as it is handed to other people."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.type]) + self.public)}"

    def check(self, text: str, signature: bytes) -> int:
        """The time that the signature states (POSIX seconds; 0 where its type states none). Raises NoteInvalid."""
        time, message = 0, text.encode()
        if self.type == COSIGNATURE:
            time, signature = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
            if not 0 < time <= _MAX_TIME:
                raise NoteInvalid(f"the cosignature of {self.name} states no possible time")
            message = _cosigned(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise NoteInvalid(f"the signature of {self.name} does not match the text") from error
        return time


class Signer:
    """A private Ed25519 key with its name. Shows and prints its public half only."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, seed: bytes, type: int = ED25519) -> None:  # noqa: A002  # the specification's word
        """Raises NoteInvalid for an impossible name or a seed of other than 32 bytes."""
        check_name(name)
        if len(seed) != KEY_BYTES:
            raise NoteInvalid(f"a private key takes {KEY_BYTES} bytes")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier = Verifier(name, type, public)

    def __repr__(self) -> str:
        return f"Signer({self.verifier.vkey})"

    def line(self, text: str, time: int = 0) -> str:
        """The signature line over a note's text. A cosigner states `time` (POSIX seconds), others state none."""
        message, stated = text.encode(), b""
        if self.verifier.type == COSIGNATURE:
            if not 0 < time <= _MAX_TIME:
                raise NoteInvalid("a cosignature states its time")
            message, stated = _cosigned(text, time), time.to_bytes(_TIME_BYTES, "big")
        blob = _encode(self.verifier.key_id + stated + self._private.sign(message))
        return f"{_DASH}{self.verifier.name} {blob}\n"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature that verified: whose, and the time it states (0 where its type states none)."""

    by: Verifier
    time: int
    line: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A note's text and the signatures on it that verified; at least one."""

    text: str
    signatures: tuple[Signed, ...]

    @property
    def names(self) -> frozenset[str]:
        """Whose signatures verified."""
        return frozenset(signed.by.name for signed in self.signatures)

    def signed_by(self, verifier: Verifier) -> Signed | None:
        """The signature of that key, if there is one."""
        return next((signed for signed in self.signatures if signed.by == verifier), None)


def key_id(name: str, type: int, public: bytes) -> bytes:  # noqa: A002  # the specification's word
    r"""SHA-256(name || "\n" || type || public key), its first four bytes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([type]) + public).digest()[:_KEY_ID_BYTES]


def parse_vkey(vkey: str) -> Verifier:
    """The key that a vkey stands for (blanks around it do no harm). Raises KeyMalformed."""
    parts = vkey.strip().split("+", 2)  # base64 may hold a plus, a name and hexadecimal may not
    if len(parts) != 3:  # noqa: PLR2004  # name, id, key
        raise KeyMalformed(f"not a verifier key (name+id+key): {vkey!r:.100}")
    try:
        check_name(parts[0])
        material = _decode(parts[2])
    except NoteMalformed as error:
        raise KeyMalformed(f"not a verifier key: {error}") from error
    if len(material) != 1 + KEY_BYTES or material[0] not in {ED25519, COSIGNATURE}:
        raise KeyMalformed(f"{parts[0]}: a key of another type than Ed25519 (1) or Ed25519 cosignature (4)")
    verifier = Verifier(parts[0], material[0], material[1:])
    if parts[1] != verifier.key_id.hex():
        raise KeyMalformed(f"{parts[0]}: the key id {parts[1]!r:.20} does not belong to the key")
    return verifier


def check_name(name: str) -> None:
    """Raises NoteMalformed unless it can name a key: not empty, no blank, no plus, no control character."""
    if not name or "+" in name or any(letter.isspace() or letter < _FIRST_PRINTABLE for letter in name):
        raise NoteMalformed(f"{name!r:.100} cannot name a key: no blanks, no plus sign, not empty")


def sign_note(text: str, signers: Iterable[Signer], time: int = 0) -> bytes:
    """The note over a text, which ends in a newline. Raises NoteMalformed if no note can carry it."""
    _check_text(text)
    lines = [signer.line(text, time) for signer in signers]
    if not lines:
        raise NoteMalformed("a note carries one signature at least")
    return f"{text}\n{''.join(lines)}".encode()


def open_note(note: bytes, verifiers: Sequence[Verifier]) -> Opened:
    """Text and verified signatures of a note.

    Raises NoteMalformed for bytes that are no note; NoteInvalid if no known key signed it, or a known key's
    signature is wrong.
    """
    text, lines = split_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signatures = []
    for line in lines:
        name, blob = _parse_line(line)
        verifier = known.get((name, blob[:_KEY_ID_BYTES]))
        if verifier is not None:
            signatures.append(Signed(verifier, verifier.check(text, blob[_KEY_ID_BYTES:]), line))
    if not signatures:
        raise NoteInvalid("no signature by a known key")
    return Opened(text, tuple(signatures))


def split_note(note: bytes) -> tuple[str, list[str]]:
    """Text and signature lines of a note, nothing verified. Raises NoteMalformed."""
    if len(note) > MAX_NOTE_BYTES:
        raise NoteMalformed(f"a note of {len(note)} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise NoteMalformed("a note is UTF-8") from error
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise NoteMalformed("a note is text, an empty line and signature lines")
    _check_text(text + "\n")
    lines = [line + "\n" for line in signatures[:-1].split("\n")]
    if len(lines) > MAX_SIGNATURES:
        raise NoteMalformed(f"{len(lines)} signatures, at most {MAX_SIGNATURES} are read")
    for line in lines:
        _parse_line(line)
    return text + "\n", lines


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteMalformed("the text of a note ends in a newline")
    if any(letter < _FIRST_PRINTABLE and letter != "\n" for letter in text):
        raise NoteMalformed("a note holds no control characters")


def _parse_line(line: str) -> tuple[str, bytes]:
    """Name and (key id || signature) of a signature line."""
    name, blank, encoded = line.removeprefix(_DASH).removesuffix("\n").partition(" ")
    if not line.startswith(_DASH) or not blank:
        raise NoteMalformed(f"not a signature line: {line!r:.100}")
    check_name(name)
    blob = _decode(encoded)
    if len(blob) <= _KEY_ID_BYTES:
        raise NoteMalformed(f"the signature of {name!r:.100} is too short")
    return name, blob


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed(f"not base64: {text!r:.100}") from error
    if _encode(content) != text:  # one spelling each: bits that nobody reads could carry anything
        raise NoteMalformed(f"not canonical base64: {text!r:.100}")
    return content

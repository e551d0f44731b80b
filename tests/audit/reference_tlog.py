"""A second, small reading of the C2SP documents and RFC 6962, written for being obvious and not for being fast.

Imports nothing of ours. Follows the definitions to the letter (the recursive MTH of RFC 6962 section 2.1, the tile
formula of c2sp.org/tlog-tiles), so that what the product writes can be compared with it byte for byte.
"""

import base64
import functools
import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class ReferenceLog:
    """Everything that a log with these entries serves."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = entries
        self.mth = functools.cache(self._mth)

    def _mth(self, begin: int, end: int) -> bytes:
        """MTH(D[begin:end]), RFC 6962 section 2.1."""
        if begin == end:
            return hashlib.sha256().digest()
        if end - begin == 1:
            return hashlib.sha256(b"\x00" + self.entries[begin]).digest()
        k = 1
        while k * 2 < end - begin:
            k *= 2
        return hashlib.sha256(b"\x01" + self.mth(begin, begin + k) + self.mth(begin + k, end)).digest()

    def root(self, size: int | None = None) -> bytes:
        """The root of the tree over the first `size` entries."""
        return self.mth(0, len(self.entries) if size is None else size)

    def path(self, m: int, begin: int, end: int) -> list[bytes]:
        """PATH(m, D[begin:end]), RFC 6962 section 2.1.1."""
        if end - begin == 1:
            return []
        k = 1
        while k * 2 < end - begin:
            k *= 2
        if m < k:
            return [*self.path(m, begin, begin + k), self.mth(begin + k, end)]
        return [*self.path(m - k, begin + k, end), self.mth(begin, begin + k)]

    def subproof(self, m: int, begin: int, end: int, known: bool) -> list[bytes]:
        """SUBPROOF(m, D[begin:end], b), RFC 6962 section 2.1.2."""
        if m == end - begin:
            return [] if known else [self.mth(begin, end)]
        k = 1
        while k * 2 < end - begin:
            k *= 2
        if m <= k:
            return [*self.subproof(m, begin, begin + k, known), self.mth(begin + k, end)]
        return [*self.subproof(m - k, begin + k, end, False), self.mth(begin, begin + k)]

    def files(self) -> dict[str, bytes]:
        """Every tile and bundle, by its path."""
        size, files = len(self.entries), {}
        level = 0
        while size // 256**level > 0:
            span = 256**level
            for n in range((size // span + 255) // 256):
                hashes = [
                    self.mth((n * 256 + i) * span, (n * 256 + i + 1) * span)
                    for i in range(256)
                    if (n * 256 + i + 1) * span <= size
                ]
                if hashes:
                    files[f"tile/{level}/{number(n)}{partial(len(hashes))}"] = b"".join(hashes)
            level += 1
        for n in range((size + 255) // 256):
            bundle = self.entries[n * 256 : n * 256 + 256]
            content = b"".join(len(entry).to_bytes(2, "big") + entry for entry in bundle)
            files[f"tile/entries/{number(n)}{partial(len(bundle))}"] = content
        return files

    def checkpoint(self, origin: str, seed: bytes) -> bytes:
        """The signed checkpoint over all entries; the key is named like the origin."""
        text = f"{origin}\n{len(self.entries)}\n{base64.b64encode(self.root()).decode()}\n"
        key = Ed25519PrivateKey.from_private_bytes(seed)
        signature = base64.b64encode(key_id(origin, 1, public_of(seed)) + key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {origin} {signature}\n".encode()


def number(n: int) -> str:
    """1234067 is x001/x234/067."""
    if n < 1000:
        return f"{n:03d}"
    higher, last = divmod(n, 1000)
    return "/".join("x" + part.removeprefix("x") for part in number(higher).split("/")) + f"/{last:03d}"


def partial(width: int) -> str:
    """The suffix of a partial tile."""
    return "" if width == 256 else f".p/{width}"


def public_of(seed: bytes) -> bytes:
    """The public half of an Ed25519 key."""
    return (
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    )


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name, newline, type, public key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name: str, kind: int, seed: bytes) -> str:
    """The verifier key."""
    public = public_of(seed)
    return f"{name}+{key_id(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"

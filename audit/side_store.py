"""Documents that stand beside the log: an entry holds a salted digest, and the document can be forgotten.

Promises that a document is on the disk when `keep` returns, that what `get` gives has the digest it was asked by, and
that forgetting one changes nothing that was hashed into the tree. A digest alone tells nothing, because 16 random
bytes are hashed with the document; the salt is forgotten with it.
"""

import hashlib
from pathlib import Path
from typing import Final, Literal

import msgspec

from audit.entry import Document, encode_document
from audit.files import sync_folder, write_durably

FOLDER: Final = "side"
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
_SPREAD: Final = 2  # letters of the digest that name its folder: 256 folders


class SideDamaged(Exception):
    """What stands under a digest is not what was hashed."""


def salted(document: Document, salt: bytes) -> bytes:
    """What is hashed and kept: the salt (16 random bytes) and the document's canonical bytes. Raises EntryInvalid."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt takes {SALT_BYTES} bytes, not {len(salt)}")
    return salt + encode_document(document)


def digest_of(content: bytes) -> str:
    """The digest of salted content, as an entry holds it: SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def keep(log: Path, content: bytes) -> str:
    """Store salted content durably; its digest. Raises OSError.

    A crash before the reply leaves a file that no entry names, whole or torn; it holds up nothing.
    """
    digest = digest_of(content)
    path = _path(log, digest)
    for folder in (path.parent.parent, path.parent):
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            sync_folder(folder.parent)
    write_durably(path, content)
    sync_folder(path.parent)
    return digest


def get(log: Path, digest: str) -> Document | Literal["gone"]:
    """The document of that digest, or "gone": whether it was forgotten or lost, the log's events tell.

    Raises SideDamaged if something else stands there.
    """
    content = content_of(log, digest)
    return "gone" if content is None else document_of(content)


def content_of(log: Path, digest: str) -> bytes | None:
    """The salted content of that digest, or None where there is none. Raises SideDamaged, OSError."""
    path = _path(log, digest)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if digest_of(content) != digest:
        raise SideDamaged(f"{path} is not what the log recorded: it has another digest")
    return content


def document_of(content: bytes) -> Document:
    """The document in salted content."""
    document: Document = msgspec.json.decode(content[SALT_BYTES:], type=Document)
    return document


def forget(log: Path, digest: str) -> bool:
    """Remove the document of that digest for good; whether there was one. Raises OSError.

    The event that says so must be durable before: a crash in between is mended by forgetting it again.
    """
    path = _path(log, digest)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def _path(log: Path, digest: str) -> Path:
    return log / FOLDER / digest[:_SPREAD] / digest

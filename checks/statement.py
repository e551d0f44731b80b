"""A result as an in-toto statement about exactly one commit, in a DSSE envelope: signed where there is a key.

The forms are in-toto Statement v1 (github.com/in-toto/attestation) and DSSE v1 (github.com/secure-systems-lab/dsse).
An envelope without a signature proves nothing, and says so by having none.
"""

import os
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import CryptoSigner, Key  # type: ignore[attr-defined]  # public, says its documentation

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://doorless.dev/attestations/check/v1"
"""Documented in docs/checks.md; a field may be added, none changes its meaning."""
OUTPUT_TYPE: Final = "https://doorless.dev/attestations/output/v1"
"""The same for documents that agents hand in."""
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

Document = dict[str, Any]
Signer = CryptoSigner


class KeyUnusable(Exception):
    """The key file holds no Ed25519 key that can be used; the text says why."""


class NotSigned(Exception):
    """The envelope is not what its key signed, or it is no statement about a check."""


def statement(head: str, predicate: Document) -> Document:
    """The statement that the commit `head` is the subject of this predicate."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "commit", "digest": {"gitCommit": head}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }


def output_statement(digest: str, predicate: Document) -> Document:
    """The statement that the document with this SHA-256 is the subject of this predicate."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "output", "digest": {"sha256": digest}}],
        "predicateType": OUTPUT_TYPE,
        "predicate": predicate,
    }


def seal(document: Document, signer: Signer | None) -> Document:
    """The statement in its envelope, as JSON values; without a signer its list of signatures is empty."""
    envelope = Envelope(msgspec.json.encode(document, order="sorted"), PAYLOAD_TYPE, {})
    if signer is not None:
        envelope.sign(signer)
    sealed: Document = envelope.to_dict()
    return sealed


def open_sealed(sealed: Document, key: Key) -> Document:
    """The statement in an envelope that `key` signed. Raises `NotSigned`."""
    try:
        envelope = Envelope.from_dict(msgspec.json.decode(msgspec.json.encode(sealed)))
        if envelope.payload_type != PAYLOAD_TYPE:
            raise NotSigned(f"the envelope holds {envelope.payload_type!r}")
        envelope.verify([key], 1)
        document: Document = msgspec.json.decode(envelope.payload, type=dict[str, Any])
    except (KeyError, TypeError, ValueError, VerificationError, UnverifiedSignatureError) as error:
        raise NotSigned(f"the envelope is not signed by this key: {error}") from None
    return document


def make_key(path: Path) -> None:
    """Write a new Ed25519 key (PEM, PKCS #8, mode 0600). Never overwrites: raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(CryptoSigner.generate_ed25519().private_bytes)


def read_signer(path: Path) -> Signer:
    """The signer with the key in a file of `make_key`. Raises `KeyUnusable`, OSError."""
    try:
        signer = CryptoSigner(load_pem_private_key(path.read_bytes(), None))
    except (TypeError, ValueError) as error:
        raise KeyUnusable(f"{path}: {error}") from None
    if signer.public_key.keytype != "ed25519":
        raise KeyUnusable(f"{path}: the key is {signer.public_key.keytype}, not ed25519")
    return signer


def signer_of(path: Path | None) -> Signer | None:
    """The signer with the key in a file, which is made where it is missing; none without a file.

    Raises `KeyUnusable`, OSError.
    """
    if path is None:
        return None
    if not path.exists():
        make_key(path)
    return read_signer(path)

"""The text form of a proof that one entry stands in the log, and its check with nothing but keys (c2sp.org/tlog-proof).

Pure. The entry itself travels in the line `extra`, so that one file is enough. Promises that `check_proof` trusts
nothing of the text until the log's signature, and the quorum that was asked for, have verified.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint
from audit.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from audit.note import COSIGNATURE, NoteInvalid, Opened, Signed, Verifier, open_note

HEAD: Final = "c2sp.org/tlog-proof@v1"
MAX_PROOF_BYTES: Final = 2_000_000
_MAX_HASHES: Final = 63
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


class ProofInvalid(ValueError):
    """The text proves nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the text holds: nothing of it is verified. `note` is a signed checkpoint; `extra` the entry, or None."""

    index: int
    hashes: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """The text, as it is written to a `.tlog-proof` file."""
        extra = [] if self.extra is None else [f"extra {_encode(self.extra)}"]
        lines = [HEAD, *extra, f"index {self.index}", *map(_encode, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.note


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof that holds has shown: this entry stands at `index` of the log that `checkpoint` describes."""

    entry: bytes
    index: int
    checkpoint: Checkpoint
    signed_by: Verifier
    cosigned: tuple[Signed, ...]


def parse_proof(text: bytes) -> Proof:
    """The parts of a proof's text. Raises ProofInvalid unless it is spelled as the specification has it."""
    if len(text) > MAX_PROOF_BYTES:
        raise ProofInvalid(f"a proof of {len(text)} bytes")
    head, blank, note = text.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofInvalid("a proof is ASCII up to its checkpoint") from error
    if lines.pop(0) != HEAD or not blank:
        raise ProofInvalid(f"the text does not begin with {HEAD}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0).removeprefix("extra "))
    matched = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if matched is None:
        raise ProofInvalid("the line with the index is missing")
    if len(lines) > _MAX_HASHES:
        raise ProofInvalid(f"{len(lines)} hashes: no tree is so high")
    hashes = tuple(_decode(line) for line in lines)
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofInvalid(f"a hash takes {HASH_BYTES} bytes")
    return Proof(int(matched[1]), hashes, note, extra)


def check_proof(
    text: bytes, keys: Sequence[Verifier], *, witnesses: Sequence[Verifier] = (), quorum: int = 0
) -> Proven:
    """Check a proof that carries its entry, with nothing but keys: no home, no server.

    `keys` are the log's; at least `quorum` of `witnesses` must have cosigned. Raises ProofInvalid.
    """
    proof = parse_proof(text)
    if proof.extra is None:
        raise ProofInvalid("the proof carries no entry: check it with the entry that came beside it")
    return check_entry(proof, proof.extra, keys, witnesses=witnesses, quorum=quorum)


def check_entry(
    proof: Proof,
    entry: bytes,
    keys: Sequence[Verifier],
    *,
    witnesses: Sequence[Verifier] = (),
    quorum: int = 0,
) -> Proven:
    """Like `check_proof`, for an entry that came beside the proof. Raises ProofInvalid."""
    opened, checkpoint = _open(proof.note, [*keys, *witnesses])
    signed = [one.by for one in opened.signatures if one.by in keys]
    if not signed:
        raise ProofInvalid("the checkpoint is not signed by a key of the log that you named")
    if checkpoint.origin not in {key.name for key in signed}:
        raise ProofInvalid(f"the checkpoint is of {checkpoint.origin}, the key is of {signed[0].name}")
    cosigned = tuple(one for one in opened.signatures if one.by in witnesses and one.by.type == COSIGNATURE)
    if len({one.by.public for one in cosigned}) < quorum:
        raise ProofInvalid(f"cosigned by {len(cosigned)} of your witnesses, you ask for {quorum}")
    if not verify_inclusion(proof.index, checkpoint.size, leaf_hash(entry), proof.hashes, checkpoint.root):
        raise ProofInvalid(f"the entry does not stand at {proof.index} in the tree that was signed")
    return Proven(entry, proof.index, checkpoint, signed[0], cosigned)


def _open(note: bytes, keys: Sequence[Verifier]) -> tuple[Opened, Checkpoint]:
    try:
        opened = open_note(note, keys)
        return opened, parse_checkpoint(opened.text)
    except (NoteInvalid, CheckpointInvalid) as error:
        raise ProofInvalid(f"the checkpoint does not hold: {error}") from error


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid(f"not base64: {text!r:.60}") from error
    if _encode(content) != text:
        raise ProofInvalid(f"not canonical base64: {text!r:.60}")
    return content

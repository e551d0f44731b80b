"""Making the proof of one entry out of a log's files.

Promises that a proof leaves only after it has been checked against the signed checkpoint that it carries.
"""

from collections.abc import Sequence
from pathlib import Path

from audit.checkpoint import CheckpointInvalid, parse_checkpoint
from audit.cosigned import newest_cosigned
from audit.keys import read_vkeys
from audit.merkle import inclusion_proof
from audit.note import NoteInvalid, Verifier, split_note
from audit.proof import Proof, ProofInvalid, check_entry
from audit.published import CHECKPOINT, NotPublished, Published, PublishedFolder
from audit.sealed import read_checkpoint
from audit.tiles import HASHES, Bundle, TileInvalid, unpack_bundle
from audit.tree_hashes import TreeHashes


class NotSealed(Exception):
    """The entry is not under that checkpoint (yet: a checkpoint comes at least every second)."""


class Prover:
    """Proofs of many entries under one signed checkpoint, `note`; `tree_size` is that of the newest checkpoint."""

    def __init__(
        self, published: Published, note: bytes, keys: Sequence[Verifier], tree_size: int | None = None
    ) -> None:
        """Raises ProofInvalid if the note is not a checkpoint."""
        try:
            self.checkpoint = parse_checkpoint(split_note(note)[0])
        except (NoteInvalid, CheckpointInvalid) as error:
            raise ProofInvalid(f"not a signed checkpoint: {error}") from error
        self._published = published
        self._note = note
        self._keys = keys
        self._tree_size = self.checkpoint.size if tree_size is None else tree_size
        self._hashes = TreeHashes(published, self._tree_size)

    def prove(self, index: int, entry: bytes | None = None, *, carry: bool = True) -> Proof:
        """The proof of entry number `index`; the entry is read from its bundle if it is not given.

        carry: whether the entry travels in the proof. Raises NotSealed, NotPublished (pruned), ProofInvalid (the files
        disagree with the checkpoint), LogUnavailable.
        """
        if index >= self.checkpoint.size:
            raise NotSealed(
                f"entry {index} is not under the checkpoint of {self.checkpoint.size} entries yet"
            )
        try:
            entry = self.entry(index) if entry is None else entry
            hashes = inclusion_proof(index, self.checkpoint.size, self._hashes.hash_at)
        except TileInvalid as error:
            raise ProofInvalid(str(error)) from error
        proof = Proof(index, tuple(hashes), self._note, entry if carry else None)
        check_entry(proof, entry, self._keys)
        return proof

    def entry(self, index: int) -> bytes:
        """The entry of that number, from its bundle. Raises NotPublished, TileInvalid, LogUnavailable."""
        number, place = divmod(index, HASHES)
        bundle = Bundle(number, min(HASHES, self._tree_size - number * HASHES))
        try:
            content = self._published.get(bundle.path)
        except NotPublished:
            content = self._published.get(Bundle(number).path)
        entries = unpack_bundle(content)
        if place >= len(entries):
            raise TileInvalid(f"{bundle.path} holds {len(entries)} entries")
        return entries[place]


def prover_of(log: Path, index: int = 0) -> Prover:
    """Proofs under the newest cosigned checkpoint if it covers record `index`, else under the newest one.

    Raises ProofInvalid, LogFault.
    """
    cosigned, newest = newest_cosigned(log), (log / CHECKPOINT).read_bytes()
    note = cosigned if cosigned is not None and _size_of(cosigned) > index else newest
    return Prover(PublishedFolder(log), note, read_vkeys(log), read_checkpoint(log).size)


def _size_of(note: bytes) -> int:
    try:
        return parse_checkpoint(split_note(note)[0]).size
    except (NoteInvalid, CheckpointInvalid) as error:
        raise ProofInvalid(f"not a checkpoint: {error}") from error

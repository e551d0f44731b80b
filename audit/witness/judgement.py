"""What a witness makes of a checkpoint that it is asked to cosign: the rules of c2sp.org/tlog-witness, in their order.

Pure. Promises `Cosign` only for a checkpoint that a known key signed and that goes on from the last one cosigned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audit.checkpoint import Checkpoint
from audit.merkle import EMPTY_ROOT, verify_consistency
from audit.note import NoteInvalid, Signed, Verifier, open_note
from audit.witness.request import AddCheckpoint


@dataclass(frozen=True, slots=True)
class Cosign:
    """Nothing speaks against it. `signed`: by the log, the signature that verified."""

    text: str
    signed: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Not to be cosigned. `evidence` says of what the signed note may be a proof."""

    status: Literal[400, 403, 404, 409, 422]
    why: str
    evidence: Literal["", "fork", "rollback"] = ""


Judgement = Cosign | Refuse


def judge(asked: AddCheckpoint, keys: Sequence[Verifier], latest: Checkpoint | None) -> Judgement:
    """`keys`: those known for the checkpoint's origin. `latest`: the last one that was cosigned, if any."""
    if not keys:
        return Refuse(404, "no log of that origin is known here")
    try:
        opened = open_note(asked.note, keys)
    except NoteInvalid as error:
        return Refuse(403, f"not signed by a key of this log that is known here: {error}")
    if asked.old > asked.checkpoint.size:
        return Refuse(400, "the old size is larger than the checkpoint")
    known = latest or Checkpoint(asked.checkpoint.origin, 0, EMPTY_ROOT)
    if asked.old != known.size:
        behind = asked.checkpoint.size < known.size
        return Refuse(409, f"{known.size}\n", "rollback" if behind else "")
    return _judge_growth(asked, known) or Cosign(opened.text, opened.signatures)


def _judge_growth(asked: AddCheckpoint, known: Checkpoint) -> Refuse | None:
    new = asked.checkpoint
    if new.size == 0 and new.root != EMPTY_ROOT:
        return Refuse(422, "an empty tree has another root")
    if known.size == 0:
        return (
            Refuse(422, "from the empty tree on no proof is needed, and none may be given")
            if asked.proof
            else None
        )
    if verify_consistency(known.size, new.size, known.root, new.root, asked.proof):
        return None
    return Refuse(422, f"it does not go on from the tree of {known.size} entries that was cosigned", "fork")

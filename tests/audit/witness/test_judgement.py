"""The rules of c2sp.org/tlog-witness, one by one."""

from typing import Literal

import pytest

from audit.checkpoint import Checkpoint, parse_checkpoint
from audit.merkle import EMPTY_ROOT
from audit.note import Signer, sign_note, split_note
from audit.witness.judgement import Cosign, Refuse, judge
from audit.witness.request import AddCheckpoint, encode_request, parse_request
from tests.audit.reference_tlog import ReferenceLog

ORIGIN = "log.example/one"
KEY = Signer(ORIGIN, bytes(32))
LOG = ReferenceLog([b"%d" % number for number in range(20)])
OTHER = ReferenceLog([b"other %d" % number for number in range(20)])


def asked(old: int, new: int, *, log: ReferenceLog = LOG, proof: list[bytes] | None = None) -> AddCheckpoint:
    """A request that is right for `log`, but for what the test changes."""
    note = sign_note(Checkpoint(ORIGIN, new, log.root(new)).text(), [KEY])
    hashes = proof if proof is not None else log.subproof(old, 0, new, known=True) if 0 < old <= new else []
    return parse_request(encode_request(old, hashes, note))


def latest(size: int, log: ReferenceLog = LOG) -> Checkpoint:
    return Checkpoint(ORIGIN, size, log.root(size))


@pytest.mark.parametrize(
    ("old", "new", "known"),
    [(0, 0, None), (0, 7, None), (0, 7, 0), (7, 7, 7), (7, 8, 7), (8, 20, 8), (1, 20, 1)],
)
def test_what_is_cosigned(old: int, new: int, known: int | None) -> None:
    """A tree that goes on from the one cosigned last, or is the same, or is the first."""
    judgement = judge(asked(old, new), [KEY.verifier], latest(known) if known is not None else None)
    assert isinstance(judgement, Cosign)
    assert parse_checkpoint(judgement.text) == latest(new)
    assert [one.by for one in judgement.signed] == [KEY.verifier]


def test_an_unknown_log() -> None:
    """404 where no key is known for the origin."""
    assert judge(asked(0, 7), [], None) == Refuse(404, "no log of that origin is known here")


def test_an_unknown_or_wrong_signature() -> None:
    """403 for another key, and for a known key whose signature is wrong."""
    stranger = Signer(ORIGIN, bytes([1]) * 32).verifier
    judgement = judge(asked(0, 7), [stranger], None)
    assert isinstance(judgement, Refuse)
    assert judgement.status == 403
    text, lines = split_note(asked(0, 7).note)
    forged = parse_request(encode_request(0, [], f"{text.replace('7', '8')}\n{lines[0]}".encode()))
    judgement = judge(forged, [KEY.verifier], None)
    assert isinstance(judgement, Refuse)
    assert judgement.status == 403


def test_an_old_size_beyond_the_checkpoint() -> None:
    """400."""
    judgement = judge(asked(8, 7), [KEY.verifier], latest(8))
    assert isinstance(judgement, Refuse)
    assert judgement.status == 400


@pytest.mark.parametrize(
    ("old", "new", "evidence"), [(0, 7, "rollback"), (7, 9, "rollback"), (7, 12, ""), (0, 20, "")]
)
def test_another_size_than_the_last(old: int, new: int, evidence: Literal["", "rollback"]) -> None:
    """409 with the size that was cosigned last; a checkpoint below it is kept as a possible rollback."""
    assert judge(asked(old, new), [KEY.verifier], latest(10)) == Refuse(409, "10\n", evidence)


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        (asked(0, 7, proof=[bytes(32)]), None),
        (asked(7, 9, proof=[]), 7),
        (asked(7, 9, proof=[bytes(32)] * 4), 7),
        (asked(7, 9, log=OTHER), 7),
        (asked(7, 7, log=OTHER), 7),
        (asked(7, 7, proof=[bytes(32)]), 7),
    ],
)
def test_what_does_not_go_on(request_: AddCheckpoint, known: int | None) -> None:
    """422 for a missing, wrong or superfluous proof and for another root; a fork is kept as evidence."""
    judgement = judge(request_, [KEY.verifier], latest(known) if known else None)
    assert isinstance(judgement, Refuse)
    assert (judgement.status, judgement.evidence) == (422, "fork" if known else "")


def test_an_empty_tree_has_one_root() -> None:
    """422 for a checkpoint of size 0 with any root but that of the empty tree."""
    note = sign_note(Checkpoint(ORIGIN, 0, bytes(32)).text(), [KEY])
    judgement = judge(parse_request(encode_request(0, [], note)), [KEY.verifier], None)
    assert isinstance(judgement, Refuse)
    assert judgement.status == 422
    assert LOG.root(0) == EMPTY_ROOT

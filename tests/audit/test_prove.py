"""Proofs of single entries: made out of a log's files, checked with a key and a file and nothing else."""

import json
import random
from pathlib import Path

import pytest

from audit.export import export_lines
from audit.folder import Places
from audit.keys import read_vkeys
from audit.note import COSIGNATURE, Signer, Verifier, split_note
from audit.proof import ProofInvalid, check_entry, check_proof, parse_proof
from audit.prove import NotSealed, Prover
from audit.published import NotPublished, PublishedFolder
from audit.reader import read_records
from tests.audit.reference_tlog import ReferenceLog
from tests.audit.samples import small_entries
from tests.audit.sealed_logs import ORIGIN
from tests.audit.whole_logs import extend, make_whole

WITNESSES = [
    Signer(f"witness.example/{number}", bytes([number + 1]) * 32, COSIGNATURE) for number in range(3)
]
ENTRIES = small_entries(600)
TAIL = small_entries(605)[600:]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """600 sealed entries, five more in the journal."""
    places = make_whole(tmp_path_factory.mktemp("proofs") / "log", ENTRIES[:300])
    extend(places, ENTRIES[300:], TAIL)
    return places


@pytest.fixture(scope="module")
def key(places: Places) -> Verifier:
    return read_vkeys(places.log)[0]


def note_of(places: Places) -> bytes:
    return (places.log / "checkpoint").read_bytes()


def cosigned(places: Places) -> bytes:
    note = note_of(places)
    return note + "".join(one.line(split_note(note)[0], 7) for one in WITNESSES[:2]).encode()


def prover(places: Places, key: Verifier, note: bytes | None = None) -> Prover:
    return Prover(PublishedFolder(places.log), note or note_of(places), [key])


def test_a_proof_of_every_entry(places: Places, key: Verifier) -> None:
    """Index and hashes are those of the reference, the entry travels along, and key and file are enough to check it."""
    making, reference = prover(places, key), ReferenceLog(ENTRIES)
    for index in [0, 1, 255, 256, 257, 511, 512, 599]:
        proof = making.prove(index)
        assert list(proof.hashes) == reference.path(index, 0, 600)
        text = proof.encode()
        assert text.startswith(b"c2sp.org/tlog-proof@v1\nextra ")
        assert parse_proof(text) == proof
        proven = check_proof(text, [key])
        assert (proven.entry, proven.index, proven.checkpoint.size) == (ENTRIES[index], index, 600)
        assert (proven.signed_by, proven.cosigned) == (key, ())


def test_under_an_older_checkpoint(places: Places, key: Verifier) -> None:
    """A cosigned checkpoint may be older than the newest: the proof is for its size, from the tiles of today."""
    old = json.loads((places.log / "checkpoints/00000000").read_text().splitlines()[1]).encode()
    making = Prover(PublishedFolder(places.log), old, [key], tree_size=600)
    assert check_proof(making.prove(299).encode(), [key]).checkpoint.size == 300
    with pytest.raises(NotSealed):
        making.prove(300)


def test_witnesses_of_a_proof(places: Places, key: Verifier) -> None:
    """The quorum that the reader asks for is counted over the witnesses that the reader names, each once."""
    text = prover(places, key, cosigned(places)).prove(5).encode()
    known = [one.verifier for one in WITNESSES]
    proven = check_proof(text, [key], witnesses=known, quorum=2)
    assert {one.by.name for one in proven.cosigned} == {"witness.example/0", "witness.example/1"}
    with pytest.raises(ProofInvalid, match="you ask for 3"):
        check_proof(text, [key], witnesses=known, quorum=3)
    with pytest.raises(ProofInvalid, match="you ask for 1"):
        check_proof(text, [key], witnesses=[known[2]], quorum=1)
    with pytest.raises(ProofInvalid, match="you ask for 2"):
        check_proof(text, [key], witnesses=[known[0], known[0]], quorum=2)


def test_what_a_witness_signed_is_no_signature_of_the_log(places: Places, key: Verifier) -> None:
    """A note that only witnesses signed proves nothing, nor does one of another log's key."""
    text, lines = split_note(cosigned(places))
    proof = prover(places, key).prove(5).encode()
    only = proof.replace(note_of(places), f"{text}\n{''.join(lines[1:])}".encode())
    with pytest.raises(ProofInvalid, match="not signed by a key"):
        check_proof(only, [key], witnesses=[one.verifier for one in WITNESSES])
    for other in (Signer(ORIGIN, bytes(32)), Signer("else.example", bytes(32))):
        with pytest.raises(ProofInvalid, match="known key"):
            check_proof(proof, [other.verifier])


def test_a_key_of_another_name(places: Places, key: Verifier) -> None:
    """A key that the reader trusts for another log does not speak for this one."""
    text = split_note(note_of(places))[0]
    other = Signer("else.example", bytes(32))
    proof = prover(places, key).prove(5).encode()
    foreign = proof.replace(note_of(places), f"{text}\n{other.line(text)}".encode())
    with pytest.raises(ProofInvalid, match="the key is of"):
        check_proof(foreign, [other.verifier])


def test_no_changed_letter_passes(places: Places, key: Verifier) -> None:
    """A thousand proofs with one byte changed, left out or added: each is refused, and with nothing else than a word."""
    text = prover(places, key).prove(77).encode()
    chance = random.Random(3)
    for number in range(1_000):
        place = chance.randrange(len(text))
        match number % 3:
            case 0:
                changed = text[:place] + bytes([text[place] ^ 1 << chance.randrange(8)]) + text[place + 1 :]
            case 1:
                changed = text[:place] + text[place + 1 :]
            case _:
                changed = text[:place] + chance.randbytes(1) + text[place:]
        with pytest.raises(ProofInvalid):
            check_proof(changed, [key])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"c2sp.org/tlog-proof@v1",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\nnote",
        b"c2sp.org/tlog-proof@v1\nextra AA\nindex 0\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 43 + b"=\n" * 64 + b"\nnote",
        b"c2sp.org/tlog-proof@v1\nindex \xff\n\nnote",
        b"x" * 2_000_001,
    ],
)
def test_what_is_no_proof(text: bytes) -> None:
    """Another head, a missing index, lines in another order, half a hash."""
    with pytest.raises(ProofInvalid):
        parse_proof(text)


def test_files_that_disagree_give_no_proof(places: Places, tmp_path: Path) -> None:
    """What does not lead to the signed root never leaves as a proof; what is not sealed or is gone has none."""
    log = make_whole(tmp_path / "log", small_entries(300)).log
    mine = read_vkeys(log)[0]
    making = Prover(PublishedFolder(log), (log / "checkpoint").read_bytes(), [mine])
    with pytest.raises(NotSealed):
        making.prove(300)
    with pytest.raises(ProofInvalid):
        making.prove(3, b"another entry")
    (log / "tile/entries/000").write_bytes(b"\x00\x01a")
    with pytest.raises(ProofInvalid):
        making.prove(3)
    (log / "tile/entries/000").unlink()
    with pytest.raises(NotPublished):
        making.prove(3)
    with pytest.raises(ProofInvalid, match="not a signed checkpoint"):
        Prover(PublishedFolder(log), b"no note", [mine])
    with pytest.raises(ProofInvalid):
        prover(places, mine).prove(3)  # the files of one log, the key of another


def test_an_export_with_proofs(places: Places, key: Verifier) -> None:
    """Each line holds the entry as it was hashed, and its proof checks with nothing but the line and the key."""
    lines = list(export_lines(read_records(places.log), prover(places, key)))
    assert len(lines) == 605
    for number, line in enumerate(lines):
        document = json.loads(line)
        assert document["seq"] == number
        entry = ENTRIES[number] if number < 600 else TAIL[number - 600]
        assert line.startswith(b'{"seq":%d,"entry":%b,' % (number, entry))
        if number >= 600:
            assert document["proof"] is None
        elif number % 50 == 0:
            proof = parse_proof(document["proof"].encode())
            assert check_entry(proof, entry, [key]).index == number
            with pytest.raises(ProofInvalid, match="carries no entry"):
                check_proof(document["proof"].encode(), [key])


def test_an_export_without_proofs(places: Places) -> None:
    """Without a prover a line is the number and the entry."""
    assert next(export_lines(read_records(places.log))) == b'{"seq":0,"entry":%b}\n' % ENTRIES[0]

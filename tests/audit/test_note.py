"""Signed notes against the example of c2sp.org/signed-note and the reference."""

import base64

import pytest
from hypothesis import given, strategies as st

from audit.note import (
    COSIGNATURE,
    KeyMalformed,
    NoteInvalid,
    NoteMalformed,
    Signer,
    Verifier,
    open_note,
    parse_vkey,
    sign_note,
    split_note,
)
from tests.audit.reference_tlog import ReferenceLog, vkey

# The example of c2sp.org/signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
SIGNER = Signer("log.example/one", bytes(range(32)))
WITNESS = Signer("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
TEXT = "log.example/one\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_example_of_the_specification() -> None:
    """The published note opens with the published key, and the key is written as it was read."""
    key = parse_vkey(EXAMPLE_KEY)
    opened = open_note(EXAMPLE, [key])
    assert opened.text == "This is an example message.\n"
    assert opened.names == {"example.com/foo"}
    assert key.vkey == EXAMPLE_KEY


def test_the_note_of_the_reference() -> None:
    """Signing the text of a checkpoint gives the bytes of the independent reference; so does the key's text form."""
    seed = bytes(range(32))
    text = ReferenceLog([b"a", b"b"]).checkpoint("log.example/one", seed)
    assert sign_note(split_note(text)[0], [SIGNER]) == text
    assert SIGNER.verifier.vkey == vkey("log.example/one", 1, seed)
    assert WITNESS.verifier.vkey == vkey("witness.example/w", 4, bytes(range(1, 33)))


def test_cosignature() -> None:
    """A cosignature states its time, verifies beside the log's signature, and covers the time too."""
    note = sign_note(TEXT, [SIGNER, WITNESS], time=1_679_315_147)
    opened = open_note(note, [SIGNER.verifier, WITNESS.verifier])
    cosigned = opened.signed_by(WITNESS.verifier)
    assert cosigned is not None
    assert cosigned.time == 1_679_315_147
    assert opened.names == {"log.example/one", "witness.example/w"}
    blob = bytearray(base64.b64decode(cosigned.line.split(" ")[2]))
    blob[11] ^= 1  # the lowest byte of the time
    forged = note.replace(cosigned.line.split(" ")[2].strip().encode(), base64.b64encode(bytes(blob)))
    with pytest.raises(NoteInvalid, match="does not match"):
        open_note(forged, [SIGNER.verifier, WITNESS.verifier])
    assert open_note(forged, [SIGNER.verifier]).names == {"log.example/one"}  # an unknown key is ignored


def test_a_cosigner_states_a_time() -> None:
    """No cosignature comes without a time, and one with the time zero or beyond 2^63 - 1 is refused."""
    with pytest.raises(NoteInvalid):
        sign_note(TEXT, [WITNESS])
    for time in (0, 2**63):
        with pytest.raises(NoteInvalid, match="time"):
            WITNESS.verifier.check(TEXT, time.to_bytes(8, "big") + bytes(64))


def test_a_note_without_a_known_signature() -> None:
    """The text is not handed out when nobody known signed it: same name with another key, or no name in common."""
    note = sign_note(TEXT, [SIGNER])
    for other in (Signer("log.example/one", bytes(32)), Signer("else.example", bytes(range(32)))):
        with pytest.raises(NoteInvalid, match="no signature by a known key"):
            open_note(note, [other.verifier])


def test_a_wrong_signature_spoils_the_note() -> None:
    """A wrong signature of a known key refuses the note even where another known key's is right."""
    note = sign_note(TEXT, [SIGNER]) + WITNESS.line(TEXT.replace("7", "8"), 5).encode()
    with pytest.raises(NoteInvalid, match="the signature of witness"):
        open_note(note, [SIGNER.verifier, WITNESS.verifier])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "te\x00xt\n\n\u2014 a AAAAAAAA\n".encode(),
        "te\rxt\n\n\u2014 a AAAAAAAA\n".encode(),
        "text\n\n\u2014 a AAAAAAAA".encode(),
        b"text\n\n- a AAAAAAAA\n",
        "text\n\n\u2014 a+b AAAAAAAA\n".encode(),
        "text\n\n\u2014  AAAAAAAA\n".encode(),
        "text\n\n\u2014 a\u00a0b AAAAAAAA\n".encode(),
        "text\n\n\u2014 a AAAA\n".encode(),
        "text\n\n\u2014 a AAAAAAA\n".encode(),
        "text\n\n\u2014 a AAAAAAAB==\n".encode(),
        "text\n\n\u2014 a AAAAAAAA AAAA\n".encode(),
        "text\n\n\u2014 a AAAAAAAA\nrest\n".encode(),
        ("text\n\n" + "\u2014 a AAAAAAAA\n" * 101).encode(),
        b"x" * 1_000_001,
    ],
)
def test_what_is_no_note(note: bytes) -> None:
    """Bytes that the specification does not allow are refused before any key is looked at."""
    with pytest.raises(NoteMalformed):
        open_note(note, [SIGNER.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+AQ==",
        "example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_what_is_no_key(text: str) -> None:
    """A key of another type, with a foreign id, or cut short is refused."""
    with pytest.raises(KeyMalformed):
        parse_vkey(text)


def test_a_key_that_is_no_point() -> None:
    """A public key that no private key belongs to verifies nothing and raises nothing else."""
    with pytest.raises(NoteInvalid):
        Verifier("a", 1, b"\xff" * 32).check(TEXT, bytes(64))


def test_the_private_half_is_never_shown() -> None:
    """Neither repr nor the public half gives the seed away."""
    assert bytes(range(32)).hex() not in repr(SIGNER)
    assert repr(SIGNER) == f"Signer({SIGNER.verifier.vkey})"


@pytest.mark.parametrize(
    ("name", "seed"), [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a", b"short")]
)
def test_impossible_signers(name: str, seed: bytes) -> None:
    """A name that no signature line can carry, or half a key, makes no signer."""
    with pytest.raises(NoteInvalid):
        Signer(name, seed)


@pytest.mark.parametrize("text", ["", "no newline", "a\x01b\n"])
def test_impossible_texts(text: str) -> None:
    """What no note can carry is not signed."""
    with pytest.raises(NoteMalformed):
        sign_note(text, [SIGNER])


def test_nobody_signs() -> None:
    """A note without a signature is none."""
    with pytest.raises(NoteMalformed):
        sign_note(TEXT, [])


@given(st.integers(0, len(sign_note(TEXT, [SIGNER])) - 1), st.integers(0, 7))
def test_every_changed_bit_is_seen(place: int, bit: int) -> None:
    """No bit of a note with one signature can change: it opens no more."""
    changed = bytearray(sign_note(TEXT, [SIGNER]))
    changed[place] ^= 1 << bit
    with pytest.raises(NoteInvalid):
        open_note(bytes(changed), [SIGNER.verifier])

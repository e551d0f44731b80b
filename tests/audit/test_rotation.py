"""The rotation entry: it counts if a key that was valid vouches for it, and not otherwise."""

import msgspec
import pytest

from audit.entry import EventEntry, decode, encode
from audit.note import NoteInvalid, Signer, sign_note
from audit.rotation import EVENT, new_key_of, rotation_entry
from tests.audit.samples import NOW, event

NAME = "log.example/rotation"
OLD, NEW, OTHER = (Signer(NAME, letter * 32) for letter in (b"o", b"n", b"x"))


def changed(**detail: str | int) -> EventEntry:
    """A rotation from OLD to NEW with parts of its detail replaced."""
    entry = rotation_entry(OLD, NEW.verifier, NOW)
    return msgspec.structs.replace(entry, detail={**entry.detail, **detail})


def test_the_old_key_vouches_for_the_new_one() -> None:
    """The entry stands in the log like any other, and gives the new key to who knows the old one."""
    entry = decode(encode(rotation_entry(OLD, NEW.verifier, NOW)))
    assert isinstance(entry, EventEntry)
    assert entry.event == EVENT
    assert new_key_of(entry, [OTHER.verifier, OLD.verifier]) == NEW.verifier


@pytest.mark.parametrize(
    "entry",
    [
        event(),
        changed(vkey=OTHER.verifier.vkey),
        changed(vkey="no key"),
        changed(vkey=7),
        changed(note=7),
        changed(note="no note"),
        changed(note=rotation_entry(OTHER, NEW.verifier, NOW).detail["note"]),
        changed(note=rotation_entry(OLD, OTHER.verifier, NOW).detail["note"]),
        changed(note=sign_note(f"another statement\n{NAME}\n{NEW.verifier.vkey}\n", [OLD]).decode()),
        rotation_entry(OLD, Signer("log.example/other", b"n" * 32).verifier, NOW),
    ],
)
def test_nothing_else_brings_in_a_key(entry: EventEntry) -> None:
    """Other events, other keys, other notes, a note by somebody else, a key of another log: refused."""
    with pytest.raises(NoteInvalid):
        new_key_of(entry, [OLD.verifier])

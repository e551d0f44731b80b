"""The entry with which a log says that another key signs from here on: an event that carries a note by the old key.

Pure. Promises that `new_key_of` gives a key only if one that was valid until then vouched for it, so that a reader
who trusts the first key of a log can follow it through every rotation.
"""

from collections.abc import Sequence
from typing import Final

from audit.entry import EventEntry
from audit.note import NoteInvalid, Signer, Verifier, open_note, parse_vkey, sign_note

EVENT: Final = "log.key_rotated"
_FIRST_LINE: Final = "doorless audit log: the next key"


def rotation_entry(old: Signer, new: Verifier, time: int) -> EventEntry:
    """The entry to append. `time` in milliseconds.

    Its detail: `vkey`, the new key, and `note`, a signed note (c2sp.org/signed-note) by the old key over three
    lines: what this is, the log's name, the new vkey.
    """
    note = sign_note(f"{_FIRST_LINE}\n{old.verifier.name}\n{new.vkey}\n", [old])
    return EventEntry(time=time, event=EVENT, workflow="", detail={"vkey": new.vkey, "note": note.decode()})


def new_key_of(entry: EventEntry, known: Sequence[Verifier]) -> Verifier:
    """The key that the entry brings in. Raises NoteInvalid unless one of the known keys vouches for it.

    Whoever may append could write such an entry; without the note it means nothing.
    """
    vkey, note = entry.detail.get("vkey"), entry.detail.get("note")
    if entry.event != EVENT or not isinstance(vkey, str) or not isinstance(note, str):
        raise NoteInvalid("not the rotation of a key")
    new = parse_vkey(vkey)
    if open_note(note.encode(), known).text != f"{_FIRST_LINE}\n{new.name}\n{new.vkey}\n":
        raise NoteInvalid(f"the note does not vouch for {vkey}")
    if new.name not in {verifier.name for verifier in known}:
        raise NoteInvalid(f"{vkey} is a key of another log")
    return new

"""A witness at work: what it writes down before it signs, and that nothing makes it contradict itself."""

import os
import stat
from pathlib import Path

import msgspec
import pytest

from audit.checkpoint import Checkpoint
from audit.faults import DamagedLog, KeyRefused, LogExists, LogLocked, LogMissing
from audit.note import Signer, Verifier, open_note, parse_vkey, sign_note
from audit.witness.folder import Evidence, add_log, create, held, read_signer, state_of
from audit.witness.request import encode_request
from audit.witness.service import Witness
from tests.audit.reference_tlog import ReferenceLog

ORIGIN = "log.example/one"
KEY = Signer(ORIGIN, bytes(32))
LOG = ReferenceLog([b"%d" % number for number in range(20)])
OTHER = ReferenceLog([b"other %d" % number for number in range(20)])


def body(old: int, new: int, log: ReferenceLog = LOG, key: Signer = KEY) -> bytes:
    note = sign_note(Checkpoint(key.verifier.name, new, log.root(new)).text(), [key])
    return encode_request(old, log.subproof(old, 0, new, known=True) if 0 < old <= new else [], note)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that knows the log."""
    folder = tmp_path / "witness"
    create(folder, "witness.example/w")
    add_log(folder, KEY.verifier)
    return Witness(folder, read_signer(folder), lambda: 1_700_000_000)


def public(witness: Witness) -> Verifier:
    return parse_vkey((witness.folder / "name.vkey").read_text())


def latest(witness: Witness) -> Checkpoint:
    state = state_of(witness.folder, ORIGIN).latest
    assert state is not None
    return state.checkpoint


def test_a_cosignature(witness: Witness) -> None:
    """The answer is the signature line, it verifies with the witness's public key, and the state holds both."""
    answer = witness.add_checkpoint(body(0, 7))
    assert answer.status == 200
    text = Checkpoint(ORIGIN, 7, LOG.root(7)).text()
    opened = open_note(f"{text}\n{answer.body}".encode(), [public(witness)])
    assert opened.signatures[0].time == 1_700_000_000
    state = state_of(witness.folder, ORIGIN).latest
    assert state is not None
    assert open_note(state.note, [KEY.verifier, public(witness)]).names == {ORIGIN, "witness.example/w"}


def test_it_goes_on(witness: Witness) -> None:
    """Sizes only grow; the same again is cosigned again; another start goes on where this one was."""
    for old, new in ((0, 3), (3, 3), (3, 9), (9, 20)):
        again = Witness(witness.folder, read_signer(witness.folder), witness.now)
        assert again.add_checkpoint(body(old, new)).status == 200
        assert latest(witness).size == new
    assert witness.add_checkpoint(body(9, 20)).body == "20\n"


def test_a_fork_is_kept(witness: Witness) -> None:
    """A signed checkpoint of another history is refused and kept beside what was cosigned, once."""
    witness.add_checkpoint(body(0, 7))
    for _ in range(3):
        assert witness.add_checkpoint(body(7, 9, OTHER)).status == 422
    (file,) = (witness.folder / "evidence").iterdir()
    evidence = msgspec.json.decode(file.read_bytes(), type=Evidence)
    assert evidence.kind == "fork"
    for note in (evidence.submitted, evidence.cosigned):  # both are the log's own words
        assert open_note(note.encode(), [KEY.verifier]).names == {ORIGIN}
    assert latest(witness).root == LOG.root(7)


def test_a_rollback_is_kept(witness: Witness) -> None:
    """A log that was set back shows less than was cosigned: refused with the size, and kept."""
    witness.add_checkpoint(body(0, 20))
    answer = witness.add_checkpoint(body(0, 12))
    assert (answer.status, answer.body) == (409, "20\n")
    assert [file.name.split("-")[0] for file in (witness.folder / "evidence").iterdir()] == ["rollback"]


def test_without_a_signature_nothing_is_kept(witness: Witness) -> None:
    """Who has no key of a known log cannot make the witness write anything."""
    witness.add_checkpoint(body(0, 7))
    before = sorted(path for path in witness.folder.rglob("*"))
    thief = Signer(ORIGIN, bytes([9]) * 32)
    assert witness.add_checkpoint(body(0, 5, OTHER, thief)).status == 403
    assert witness.add_checkpoint(body(0, 5, OTHER, Signer("unknown.example", bytes(32)))).status == 404
    assert witness.add_checkpoint(b"old x").status == 400
    assert sorted(path for path in witness.folder.rglob("*")) == before


@pytest.mark.parametrize("call", ["open", "fsync", "rename"])
def test_nothing_leaves_before_it_is_written_down(
    witness: Witness, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where opening, syncing or renaming fails there is no cosignature; the next request finds the state as it was."""
    witness.add_checkpoint(body(0, 7))

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fails)
        with pytest.raises(OSError, match="no space"):
            witness.add_checkpoint(body(7, 9))
    assert latest(witness).size == 7
    assert witness.add_checkpoint(body(7, 9)).status == 200


def test_a_damaged_state_cosigns_nothing(witness: Witness) -> None:
    """What was cosigned last is not known any more: nothing of this log is cosigned, it is not begun anew."""
    witness.add_checkpoint(body(0, 7))
    (state_of(witness.folder, ORIGIN).place / "checkpoint").write_bytes(b"")
    with pytest.raises(DamagedLog):
        witness.add_checkpoint(body(0, 9))


def test_keys_of_a_log(witness: Witness) -> None:
    """A second key of a log (it was rotated) is known beside the first; the same again changes nothing."""
    second = Signer(ORIGIN, bytes([1]) * 32)
    assert witness.add_checkpoint(body(0, 3, key=second)).status == 403
    for _ in range(2):
        add_log(witness.folder, second.verifier)
    assert len(state_of(witness.folder, ORIGIN).keys) == 2
    assert witness.add_checkpoint(body(0, 3, key=second)).status == 200


def test_the_folder_is_made_deliberately(tmp_path: Path) -> None:
    """Only `create` makes a witness, never over something, and its key is for its own user alone."""
    folder = tmp_path / "witness"
    with pytest.raises(LogMissing):
        read_signer(folder)
    with pytest.raises(LogMissing):
        add_log(tmp_path, KEY.verifier)
    create(folder, "witness.example/w")
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(LogExists):
        create(folder, "witness.example/w")
    with pytest.raises(LogMissing):
        create(tmp_path / "a" / "b", "witness.example/w")
    with pytest.raises(KeyRefused):
        create(tmp_path / "c", "with blank")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PRIVATE+KEY+w+00000000+AA==",
        "PRIVATE+KEY+w",
        "PRIVATE+KEY+w+00000000+" + "BA" + "A" * 42 + "==",
    ],
)
def test_a_key_that_is_none(tmp_path: Path, text: str) -> None:
    """Another text, another id or half a key is refused, and what stands in the file is not repeated."""
    create(tmp_path / "w", "witness.example/w")
    (tmp_path / "w/key").write_text(text)
    with pytest.raises(KeyRefused) as caught:
        read_signer(tmp_path / "w")
    assert not text or text not in str(caught.value)


def test_a_key_that_others_can_read(tmp_path: Path) -> None:
    """It may have been copied: refused."""
    create(tmp_path / "w", "witness.example/w")
    (tmp_path / "w/key").chmod(0o644)
    with pytest.raises(KeyRefused, match="read by others"):
        read_signer(tmp_path / "w")


def test_one_process_for_each_witness(tmp_path: Path) -> None:
    """Two at once could each cosign from the same state: the second is refused."""
    create(tmp_path / "w", "witness.example/w")
    with held(tmp_path / "w"), pytest.raises(LogLocked), held(tmp_path / "w"):
        pass
    with held(tmp_path / "w"):
        pass

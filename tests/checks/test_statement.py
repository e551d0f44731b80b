import base64
import json
import stat
from pathlib import Path

import pytest

from checks.statement import (
    PAYLOAD_TYPE,
    PREDICATE_TYPE,
    KeyUnusable,
    NotSigned,
    make_key,
    open_sealed,
    read_signer,
    seal,
    signer_of,
    statement,
)

HEAD = "1" * 40


def test_a_signed_statement_is_opened_by_its_key_and_names_its_commit(tmp_path: Path) -> None:
    """The subject is the head commit; the envelope is DSSE's, its payload in-toto's."""
    signer = signer_of(tmp_path / "keys" / "key")
    assert signer is not None
    sealed = seal(statement(HEAD, {"result": "passed"}), signer)
    assert sealed["payloadType"] == PAYLOAD_TYPE
    opened = open_sealed(sealed, signer.public_key)
    assert opened["subject"] == [{"name": "commit", "digest": {"gitCommit": HEAD}}]
    assert (opened["predicateType"], opened["predicate"]) == (PREDICATE_TYPE, {"result": "passed"})


def test_a_changed_statement_another_key_and_none_are_refused(tmp_path: Path) -> None:
    """One byte of the payload, another type, a stranger's key, an envelope without a signature."""
    for name in ("ours", "theirs"):
        make_key(tmp_path / name)
    ours, theirs = read_signer(tmp_path / "ours"), read_signer(tmp_path / "theirs")
    sealed = seal(statement(HEAD, {"result": "failed"}), ours)
    lied = json.loads(base64.b64decode(sealed["payload"]))
    lied["predicate"]["result"] = "passed"
    changed = {**sealed, "payload": base64.b64encode(json.dumps(lied).encode()).decode()}
    for wrong, key in (
        (changed, ours.public_key),
        (sealed, theirs.public_key),
        ({**sealed, "payloadType": "text/plain"}, ours.public_key),
        (seal(statement(HEAD, {}), None), ours.public_key),
        ({}, ours.public_key),
    ):
        with pytest.raises(NotSigned):
            open_sealed(wrong, key)


def test_an_unsigned_envelope_says_so() -> None:
    """Without a key the list of signatures is empty."""
    assert seal(statement(HEAD, {}), None)["signatures"] == []


def test_a_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    """Mode 0600; a second making is refused; the same key is read again."""
    make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "key")
    assert read_signer(tmp_path / "key").public_key == read_signer(tmp_path / "key").public_key


@pytest.mark.parametrize(
    "content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: str) -> None:
    """Nothing, text, a torn PEM."""
    (tmp_path / "key").write_text(content, encoding="ascii")
    with pytest.raises(KeyUnusable):
        read_signer(tmp_path / "key")

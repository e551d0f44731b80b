"""Documents beside the log: durable, checked, and gone for good when they are forgotten."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from audit import side_store
from audit.client import AuditClient
from audit.entry import decode, encode
from audit.faults import LogUnavailable
from tests.audit.conftest import StartWriter
from tests.audit.samples import decision, event

SALT = bytes(range(16))
DOCUMENT = {"path": "/people/alice", "params": {"person": "alice"}, "now": 1}


def test_what_is_kept_is_given_back_and_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    """The digest is SHA-256 over salt and canonical bytes, and names the file."""
    content = side_store.salted(DOCUMENT, SALT)
    digest = side_store.keep(tmp_path, content)
    canonical = b'{"now":1,"params":{"person":"alice"},"path":"/people/alice"}'
    assert digest == hashlib.sha256(SALT + canonical).hexdigest()
    assert side_store.get(tmp_path, digest) == DOCUMENT
    assert side_store.forget(tmp_path, digest) is True
    assert side_store.get(tmp_path, digest) == "gone"
    assert side_store.forget(tmp_path, digest) is False
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_one_document_has_another_digest_each_time(tmp_path: Path) -> None:
    """Without the salt whoever can guess an input could find out from the log that it was asked."""
    digests = {
        side_store.keep(tmp_path, side_store.salted(DOCUMENT, bytes([each]) * 16)) for each in range(3)
    }
    assert len(digests) == 3
    assert hashlib.sha256(side_store.salted(DOCUMENT, SALT)[16:]).hexdigest() not in digests


def test_a_changed_file_is_told(tmp_path: Path) -> None:
    """What stands there is given only with the digest that was asked for."""
    digest = side_store.keep(tmp_path, side_store.salted(DOCUMENT, SALT))
    file = next(file for file in tmp_path.rglob("*") if file.is_file())
    file.write_bytes(file.read_bytes().replace(b"alice", b"mallo"))
    with pytest.raises(side_store.SideDamaged, match="another digest"):
        side_store.get(tmp_path, digest)


def test_an_entry_holds_the_digest_and_nothing_of_the_document() -> None:
    """`side` stands alone: with the input or with a bare digest of it, it would hide nothing."""
    entry = decision(input=None, side="ab" * 32)
    assert decode(encode(entry)) == entry
    wrongs: list[dict[str, Any]] = [
        {"input": {}},
        {"input_sha256": "cd" * 32},
        {"side": "AB" * 32},
        {"side": ""},
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError):
            decode(encode(decision(1, **{"input": None, "side": "ab" * 32, **wrong})))


def test_the_writer_keeps_recalls_and_forgets_for_its_clients(
    start_writer: StartWriter, log: Path, socket_path: Path
) -> None:
    """The client needs no right on the folder; replies stay matched to their requests."""
    start_writer()

    async def talk() -> None:
        client = await AuditClient.connect(socket_path)
        digest = await client.keep(DOCUMENT)
        assert side_store.get(log, digest) == DOCUMENT
        assert await client.recall(digest) == DOCUMENT
        assert (await client.append(event())).seq == 0
        assert await client.forget(digest) is True
        assert await client.recall(digest) is None
        assert await client.forget(digest) is False
        assert side_store.get(log, digest) == "gone"
        large = {"files": [{"path": f"src/{number}.py", "lines": number} for number in range(40_000)]}
        kept = await client.keep(large)
        assert side_store.get(log, kept) == large
        with pytest.raises(LogUnavailable, match="too large"):
            await client.recall(kept)
        for wrong in ({"too": "x" * (4 << 20)}, {"a": 0.5}):
            with pytest.raises(LogUnavailable):
                await client.keep(wrong)
        await client.close()

    asyncio.run(talk())


def test_a_side_store_that_fails_stops_what_needs_it_and_nothing_else(
    start_writer: StartWriter, log: Path, socket_path: Path
) -> None:
    """A refusal and no receipt; the log itself goes on."""
    (log / "side").write_text("in the way")
    start_writer()

    async def talk() -> None:
        client = await AuditClient.connect(socket_path)
        with pytest.raises(LogUnavailable, match="side store failed"):
            await client.keep(DOCUMENT)
        assert (await client.append(event())).seq == 0
        await client.close()

    asyncio.run(talk())

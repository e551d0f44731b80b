"""A witness that is killed at any moment: what it answered stands, and it never goes back."""

import contextlib
import random
import threading
from pathlib import Path

import httpx
import pytest

from audit.checkpoint import Checkpoint
from audit.note import Signer, sign_note
from audit.witness.folder import add_log, create, state_of
from audit.witness.request import encode_request
from tests.audit.programs import running
from tests.audit.reference_tlog import ReferenceLog

ORIGIN = "log.example/one"
KEY = Signer(ORIGIN, bytes(32))
LOG = ReferenceLog([b"%d" % number for number in range(4_000)])


def grow(address: str, known: int) -> int:
    """Ask for one entry more, again and again, until the witness is gone; the last size that it cosigned."""
    with httpx.Client(base_url=f"http://{address}") as client, contextlib.suppress(httpx.HTTPError):
        while True:
            new = known + 1
            note = sign_note(Checkpoint(ORIGIN, new, LOG.root(new)).text(), [KEY])
            proof = LOG.subproof(known, 0, new, known=True) if known else []
            reply = client.post("/add-checkpoint", content=encode_request(known, proof, note))
            assert reply.status_code == 200, reply.text
            known = new
    return known


def crash(folder: Path, kills: int, seed: int) -> None:
    chance, known = random.Random(seed), 0
    flags = ("run", "--folder", str(folder), "--listen", "127.0.0.1:0")
    for _ in range(kills):
        with running("audit.witness", *flags) as program:
            killer = threading.Timer(chance.uniform(0.05, 0.4), program.kill)
            killer.start()
            answered = grow(program.address, known)
            killer.join()
        state = state_of(folder, ORIGIN).latest
        stored = state.checkpoint if state is not None else Checkpoint(ORIGIN, 0, LOG.root(0))
        # What was answered is stored; at most the one under way is stored and was not answered.
        assert stored.size in {answered, answered + 1}
        assert stored.root == LOG.root(stored.size)
        known = stored.size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create(tmp_path / "w", "witness.example/w")
    add_log(tmp_path / "w", KEY.verifier)
    return tmp_path / "w"


def test_killed_at_random_times(folder: Path) -> None:
    """Three kills in the middle of requests: no cosigned size is forgotten, the next start goes on from it."""
    crash(folder, kills=3, seed=1)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_often(folder: Path) -> None:
    """As above, sixty times."""
    crash(folder, kills=60, seed=2)

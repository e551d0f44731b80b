"""The witness as a real process: its verbs, its two faces, a kill in the middle."""

from pathlib import Path

import httpx
import pytest

from audit.checkpoint import Checkpoint
from audit.note import Signer, open_note, parse_vkey, sign_note
from audit.witness.app import main
from audit.witness.folder import origin_hash
from audit.witness.request import MAX_BODY_BYTES, encode_request
from tests.audit.programs import exit_code, running
from tests.audit.reference_tlog import ReferenceLog

ORIGIN = "log.example/one"
KEY = Signer(ORIGIN, bytes(32))
LOG = ReferenceLog([b"%d" % number for number in range(20)])


def body(old: int, new: int) -> bytes:
    note = sign_note(Checkpoint(ORIGIN, new, LOG.root(new)).text(), [KEY])
    return encode_request(old, LOG.subproof(old, 0, new, known=True) if old else [], note)


def test_from_create_to_cosignatures(
    tmp_path: Path, socket_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Create, serve, make a log known while it serves, cosign, be killed, go on where it was."""
    folder = str(tmp_path / "w")
    assert exit_code(main, "create", "--folder", folder, "--name", "witness.example/w") == 0
    verifier = parse_vkey(capsys.readouterr().out)
    flags = ("run", "--folder", folder, "--listen", f"unix:{socket_path}")
    first = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket_path)), base_url="http://w")
    with first as client, running("audit.witness", *flags) as program:
        assert program.ready.startswith("witness: ready")
        assert client.post("/add-checkpoint", content=body(0, 7)).status_code == 404
        assert exit_code(main, "add", "--folder", folder, "--log-key", KEY.verifier.vkey) == 0
        assert client.get(f"/{origin_hash(ORIGIN)}/checkpoint").status_code == 404
        reply = client.post("/add-checkpoint", content=body(0, 7))
        assert reply.status_code == 200
        text = Checkpoint(ORIGIN, 7, LOG.root(7)).text()
        assert open_note(f"{text}\n{reply.text}".encode(), [verifier]).signatures[0].time > 1_700_000_000
        conflict = client.post("/add-checkpoint", content=body(0, 9))
        assert (conflict.status_code, conflict.text) == (409, "7\n")
        assert conflict.headers["content-type"] == "text/x.tlog.size"
        assert client.post("/add-checkpoint", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
        assert client.get("/add-checkpoint").status_code == 405
        assert client.get("/key").status_code == 404
        assert client.get("/../key/checkpoint").status_code == 404
        shown = client.get(f"/{origin_hash(ORIGIN)}/checkpoint")
        assert open_note(shown.content, [verifier, KEY.verifier]).names == {ORIGIN, "witness.example/w"}
        assert exit_code(main, *flags) == 75
        assert "another witness" in capsys.readouterr().err
        program.kill()
    again = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket_path)), base_url="http://w")
    with again as client, running("audit.witness", *flags) as program:
        assert client.post("/add-checkpoint", content=body(0, 20)).text == "7\n"
        assert client.post("/add-checkpoint", content=body(7, 20)).status_code == 200
        assert program.stop()[0] == 0


def test_what_ends_it(tmp_path: Path) -> None:
    """No witness there, one there already, wrong flags: the documented codes."""
    folder = str(tmp_path / "w")
    assert exit_code(main, "run", "--folder", folder, "--listen", "127.0.0.1:0") == 66
    assert exit_code(main, "create", "--folder", folder, "--name", "a b") == 66
    assert exit_code(main, "add", "--folder", folder, "--log-key", "nonsense") == 2
    assert exit_code(main) == 2

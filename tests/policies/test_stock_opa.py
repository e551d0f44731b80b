"""The policies folder with a plain OPA: no flag of ours, no bundle, no schema."""

import hashlib
import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policies.asking import POLICIES

_TOKEN = "canary-7c1f"
_QUESTIONS = ["/v1/data/request/decision", "/v1/data/batch/request", "/v1/data/token/decision"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("opa", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _ask(path: Path, method: str, target: str, token: str = "") -> tuple[int, bytes]:
    connection = _UnixConnection(path)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(
            method, target, body=b'{"input": {}}' if method == "POST" else None, headers=headers
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def server(opa: Path) -> Iterator[Path]:
    """OPA serving the folder as it stands, with the digest of a token beside it."""
    with tempfile.TemporaryDirectory(prefix="dl-") as name:
        folder = Path(name)
        digest = hashlib.sha256(_TOKEN.encode()).hexdigest()
        (folder / "token.json").write_text(json.dumps({"doorless_runtime": {"token_sha256": digest}}))
        address = folder / "opa.sock"
        options = [
            "--authentication=token",
            "--authorization=basic",
            "--log-level=error",
            "--disable-telemetry",
        ]
        arguments = [str(opa), "run", "--server", f"--addr=unix://{address}", *options]
        arguments += [str(POLICIES), str(folder / "token.json")]
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while not address.exists():
                assert child.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield address
        finally:
            child.terminate()
            child.wait()


def test_plain_opa_test(opa: Path) -> None:
    """`opa test policies` passes as it stands."""
    done = subprocess.run(
        [str(opa), "test", "--timeout=100s", str(POLICIES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("query", ["data.request.decision.allow", "data.token.decision.allow"])
def test_plain_opa_eval_denies(opa: Path, query: str) -> None:
    """`opa eval -d policies` answers, and without compiled tables it answers no."""
    arguments = [str(opa), "eval", "--data", str(POLICIES), "--format", "raw", query]
    assert subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip() == "false"


@pytest.mark.parametrize("target", _QUESTIONS)
def test_questions_need_the_token(server: Path, target: str) -> None:
    """A question is answered to the holder of the token, and to nobody else."""
    assert _ask(server, "POST", target, _TOKEN)[0] == 200
    assert _ask(server, "POST", target)[0] == 401
    assert _ask(server, "POST", target, "canary-other")[0] == 401


@pytest.mark.parametrize("target", ["/health", "/metrics", "/v1/status"])
def test_health_is_open(server: Path, target: str) -> None:
    """How OPA is may be asked without the token; 500 is OPA saying that it has no status plugin."""
    assert _ask(server, "GET", target)[0] in {200, 500}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/data"),
        ("GET", "/v1/data/doorless_runtime"),
        ("GET", "/v1/data/request/decision"),
        ("POST", "/v1/data/request"),
        ("POST", "/v1/data/request/rules"),
        ("POST", "/v1/query"),
        ("POST", "/v1/compile"),
        ("GET", "/v1/policies"),
        ("DELETE", "/v1/policies/system/authz.rego"),
        ("GET", "/v1/config"),
        ("POST", "/"),
        ("PUT", "/v1/data/compiled"),
    ],
)
def test_nothing_else_is_open(server: Path, method: str, target: str) -> None:
    """Even the holder of the token reads no data and changes no policy."""
    assert _ask(server, method, target, _TOKEN)[0] == 401

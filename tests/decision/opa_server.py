"""A plain `opa run --server` for a test, without anything that Doorless adds."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.decision.questions import until_now


class OpaServer:
    """A running OPA, asked over its socket."""

    def __init__(self, socket_path: Path, token: str | None) -> None:
        self.socket_path = socket_path
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.HTTPTransport(uds=str(socket_path))
        self.http = httpx.Client(
            transport=transport, base_url="http://opa", headers=headers, trust_env=False, timeout=10
        )

    def ask(self, path: str, question: Any = ()) -> tuple[int, Any]:
        """Status and body of one question of the data API."""
        answer = self.http.post(f"/v1/data/{path}", json={"input": question or {}})
        return answer.status_code, answer.json()


@contextmanager
def running(opa: Path, folder: Path, *arguments: str | Path, token: str | None = None) -> Iterator[OpaServer]:
    """OPA with these arguments, listening in `folder`; ended afterwards."""
    socket_path = folder / "opa.sock"
    argv = [opa, "run", "--server", "--skip-version-check", "--addr", f"unix://{socket_path}", *arguments]
    with (folder / "opa.log").open("wb") as log:
        process = subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log, cwd=folder)
    try:
        until_now(lambda: socket_path.exists() or process.poll() is not None)
        assert process.poll() is None, (folder / "opa.log").read_text()
        server = OpaServer(socket_path, token)
        until_now(lambda: answers(server))
        try:
            yield server
        finally:
            server.http.close()
    finally:
        process.kill()
        process.wait()


def answers(server: OpaServer) -> bool:
    """Whether the server accepts connections; any status will do."""
    try:
        server.http.get("/health")
    except httpx.TransportError:
        return False
    return True


def write(folder: Path, files: dict[str, str | dict[str, Any]]) -> Path:
    """Write files below a folder; a dictionary is written as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder

"""The README's five minutes, taken at its word: its own blocks are what runs here.

One thing is exchanged: the public API is played by a local server, because tests reach no network.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()
STORIES = {"11": "Walls with no doors", "12": "Tenants", "13": "Boring infrastructure"}


class _News(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer like the public API."""
        if self.path == "/v0/topstories.json":
            document: object = [int(number) for number in STORIES]
        else:
            document = {"title": STORIES[self.path.removeprefix("/v0/item/").removesuffix(".json")]}
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def news() -> Iterator[str]:
    """A stand-in for the public API; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _News)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _block(language: str, holding: str) -> str:
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    [found] = [block for block in blocks if holding in block]
    return found


def _doorless(home: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DOORLESS_HOME": str(home)}
    command = [sys.executable, "-m", "doorless", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_someone_elses_api_is_behind_the_gateway_after_the_readmes_own_steps(
    news: str, short_folder: Path
) -> None:
    """init, up, two pasted blocks, one pasted agent: it prints what the API says, and the log has the decisions."""
    home, agent = short_folder / "doorless", short_folder / "agent"
    agent.mkdir()
    (agent / "agent.py").write_text(_block("python", "# agent.py"))
    assert _doorless(home, "init", str(home), cwd=agent).returncode == 0
    configuration = home / "doorless.yaml"
    configuration.write_text(configuration.read_text().replace("8400", str(_free_port())))
    up = subprocess.Popen(
        [sys.executable, "-m", "doorless", "up", "--home", str(home)],
        cwd=agent,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stdout is not None
        assert "ready" in up.stdout.readline()
        services = _block("yaml", "# services.yaml").replace("https://hacker-news.firebaseio.com", news)
        services = services.replace("    routes:", "    allow_loopback: true\n    routes:")
        _append(home / "policies" / "services.yaml", services)
        _append(home / "policies" / "roles.yaml", _block("yaml", "# roles.yaml"))
        ran = _until_role_is_known(home, agent)
        assert ran.stdout.splitlines() == list(STORIES.values()), ran.stderr
        tail = _doorless(home, "log", "tail", "--json", cwd=agent)
        decisions = [json.loads(line) for line in tail.stdout.splitlines() if '"decision"' in line]
        assert sum("hacker-news" in json.dumps(decision) for decision in decisions) >= 4
        assert _doorless(home, "log", "verify", cwd=agent).returncode == 0
    finally:
        up.terminate()
        assert up.wait(15) == 0
        assert up.stdout is not None
        up.stdout.close()


def test_the_credentials_block_is_one_that_loads(tmp_path: Path) -> None:
    """The README's credentials.yaml is accepted by the gateway's own loader."""
    from gateway.credentials import load_credentials

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "my-key").write_text("canary-readme-key")
    file = tmp_path / "credentials.yaml"
    file.write_text(_block("yaml", "my-key"))
    assert "my-key" in load_credentials(file).names()


def test_every_page_that_the_readme_links_exists() -> None:
    """No dead link on the first page."""
    linked = re.findall(r"\]\((docs/[^)#]+)\)", README) + re.findall(r"`(docs/[\w./-]+)`", README)
    assert linked
    assert [page for page in linked if not (REPOSITORY / page).exists()] == []


def _append(file: Path, block: str) -> None:
    file.write_text(file.read_text().rstrip("\n") + "\n" + block)


def _until_role_is_known(home: Path, agent: Path) -> "subprocess.CompletedProcess[str]":
    """Saved files take effect by themselves, a moment later."""
    deadline = time.monotonic() + 20
    while True:
        ran = _doorless(home, "run", "--role", "news-reader", "--", "python", "agent.py", cwd=agent)
        if ran.returncode != 120 or time.monotonic() > deadline:
            return ran


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

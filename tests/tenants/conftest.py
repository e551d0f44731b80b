"""The tenants' services as real processes, one of each for a whole test run."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tenants.fake_issuer import AUDIENCE, FakeIssuer
from tests.tenants.processes import Service, bare_packages


@dataclass
class Running:
    """A running service as a test uses it."""

    client: httpx.Client
    url: str
    request_log: Path
    credential: str = ""

    def last_request(self) -> dict[str, Any]:
        lines = self.request_log.read_text().splitlines()
        document: dict[str, Any] = json.loads(lines[-1])
        return document


@pytest.fixture(scope="session")
def session_issuer() -> Iterator[FakeIssuer]:
    issuer = FakeIssuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(session_issuer: FakeIssuer) -> Iterator[FakeIssuer]:
    """The issuer, put back in order before and after each test."""
    session_issuer.reset()
    yield session_issuer
    session_issuer.reset()


@pytest.fixture(scope="session")
def crash_reporting(
    session_issuer: FakeIssuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("crash-reporting")
    (folder / "secret").write_text(session_issuer.secret + "\n")
    service = Service(
        "tenants.services.crash_reporting",
        *("--listen", "127.0.0.1:0", "--audience", AUDIENCE, "--issuer", session_issuer.url),
        *(
            "--introspection-secret-file",
            str(folder / "secret"),
            "--request-log",
            str(folder / "requests.jsonl"),
        ),
    )
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        yield Running(client, service.url, folder / "requests.jsonl")
    errors = service.stop()
    assert "Traceback" not in errors


@pytest.fixture(scope="session")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from keyed_service("telemetry", tmp_path_factory)


@pytest.fixture(scope="session")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from keyed_service("alerts", tmp_path_factory)


def keyed_service(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that wants one static key."""
    folder = tmp_path_factory.mktemp(name)
    key = secrets.token_urlsafe(24)
    (folder / "key").write_text(key)
    service = Service(
        f"tenants.services.{name}",
        *("--listen", "127.0.0.1:0", "--api-key-file", str(folder / "key")),
        *("--request-log", str(folder / "requests.jsonl")),
    )
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        yield Running(client, service.url, folder / "requests.jsonl", key)
    errors = service.stop()
    assert "Traceback" not in errors


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an agent may import."""
    folder = tmp_path_factory.mktemp("agents") / "packages"
    folder.mkdir()
    return bare_packages(folder)

"""What stands behind the gateway in the demo: reference services, a forge, and stand-ins for three model providers.

Each is a process of its own, with the credential that it wants in a file that only the gateway shares.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from doorless.demo.programs import service
from doorless.home import Home

MODEL_KEYS = ("openai-key", "anthropic-key", "gemini-key")
"""The stand-ins take one key for all three."""


@dataclass(frozen=True, slots=True)
class RequestLogs:
    """What services write down of what they receive."""

    crash: Path
    telemetry: Path
    alerts: Path


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where each of them answers."""

    crash: str = ""
    telemetry: str = ""
    alerts: str = ""
    forge: str = ""
    models: str = ""


@contextmanager
def services(home: Home, issuer_url: str, repositories: Path, logs: RequestLogs) -> Iterator[Addresses]:
    """All of them, for as long as the context lasts. Raises `NeverCame`."""
    with ExitStack() as stack:
        yield Addresses(
            crash=stack.enter_context(service(_crash_flags(home, issuer_url, logs.crash))),
            telemetry=stack.enter_context(service(_keyed("telemetry", home, logs.telemetry))),
            alerts=stack.enter_context(service(_keyed("alerts", home, logs.alerts))),
            forge=stack.enter_context(service(_forge_flags(home, repositories))),
            models=stack.enter_context(service(_models_flags(home))),
        )


def _crash_flags(home: Home, issuer_url: str, log: Path) -> list[str]:
    secret = home.secrets / "introspection-crash-reporting"
    return [
        "tenants.services.crash_reporting",
        *("--audience", "crash-reporting", "--issuer", issuer_url),
        *("--introspection-secret-file", str(secret), "--request-log", str(log)),
    ]


def _keyed(name: str, home: Home, log: Path) -> list[str]:
    key = home.secrets / f"{name}-key"
    return [f"tenants.services.{name}", "--api-key-file", str(key), "--request-log", str(log)]


def _forge_flags(home: Home, repositories: Path) -> list[str]:
    return [
        *("tenants.services.code_repository", "--repositories", str(repositories)),
        *("--token-file", str(home.secrets / "forge-git")),
        *("--people-token-file", str(home.secrets / "forge-people")),
    ]


def _models_flags(home: Home) -> list[str]:
    return ["proof.vendors.server", "--key-file", str(home.secrets / MODEL_KEYS[0])]

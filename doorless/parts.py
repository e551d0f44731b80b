"""The programs of one home as data: their argv, what each waits for, how they are stopped; pure.

Each is started through `setpriv --pdeathsig KILL`, so that none outlives a supervisor that was killed.
"""

from dataclasses import dataclass
from pathlib import Path

from doorless.home import Home


@dataclass(frozen=True, slots=True)
class Part:
    """One program. It prints a line that begins with `ready` or `NAME: ready` when it is."""

    name: str
    argv: tuple[str, ...]
    stop_within_s: float
    """How long it may take after SIGTERM before it is killed."""
    needs: str = ""
    """The part that must be ready before this one is started."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `doorless up` found out before it became the supervisor."""

    home: Home
    issuer_listen: str
    issuer_url: str
    credentials: Path
    opa: Path
    python: str
    setpriv: str


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """The programs, in the order in which they are stopped: who records last, stops last."""
    return (
        Part("gateway", _argv(plan, "gateway", _gateway_flags(plan)), 6.0, needs="audit"),
        Part("issuer", _argv(plan, "issuer", _issuer_flags(plan)), 3.0, needs="audit"),
        Part("audit", _argv(plan, "audit", _audit_flags(plan)), 5.0),
    )


def _argv(plan: Plan, module: str, flags: dict[str, object]) -> tuple[str, ...]:
    head = (plan.setpriv, "--pdeathsig", "KILL", plan.python, "-m", module)
    return (*head, *(word for name, value in flags.items() for word in (f"--{name}", str(value))))


def _audit_flags(plan: Plan) -> dict[str, object]:
    return {"log": plan.home.log, "socket": plan.home.audit_socket}


def _issuer_flags(plan: Plan) -> dict[str, object]:
    home = plan.home
    return {
        "control-socket": home.issuer_socket,
        "listen": plan.issuer_listen,
        "issuer-url": plan.issuer_url,
        "keys": home.keys,
        "run": home.run,
        "audit-socket": home.audit_socket,
        "resource-servers": home.resource_servers,
    }


def _gateway_flags(plan: Plan) -> dict[str, object]:
    home = plan.home
    return {
        "run": home.run,
        "policies": home.policies,
        "bundles": home.bundles,
        "audit-socket": home.audit_socket,
        "issuer-socket": home.issuer_socket,
        "issuer-url": plan.issuer_url,
        "credentials": plan.credentials,
        "opa": plan.opa,
    }

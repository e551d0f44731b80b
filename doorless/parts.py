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
class Witnessing:
    """Who cosigns the log: `KEY=ADDRESS` of each witness, how many it takes, how long they may lack before an alarm."""

    witnesses: tuple[str, ...] = ()
    quorum: int = 1
    alarm_after_s: int = 60


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where each new hold is sent, and the file with the secret that signs it."""

    url: str
    secret: Path


@dataclass(frozen=True, slots=True)
class Watching:
    """Where the meta-workflow's gateway reads the log, and asks what policy would say."""

    log: str
    policy_tools: str


@dataclass(frozen=True, slots=True)
class ApproversSocket:
    """Where persons beside the operator approve, and the group of this machine that may reach it."""

    path: str
    group: str


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
    witnessing: Witnessing = Witnessing()
    bots_listen: str = ""
    """Where bots may ask for checks; empty: nowhere."""
    webhook: Webhook | None = None
    approvers: ApproversSocket | None = None
    """None: only who can open the home approves."""
    watching: Watching | None = None
    """None: nobody may read the log over HTTP."""


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """The programs, in the order in which they are stopped: who records last, stops last."""
    cosign = (Part("cosign", _cosign_argv(plan), 3.0, needs="audit"),) if plan.witnessing.witnesses else ()
    console = (
        (Part("console", _console_argv(plan, plan.webhook), 3.0, needs="gateway"),) if plan.webhook else ()
    )
    return (
        *console,
        *(() if plan.watching is None else _watching_parts(plan, plan.watching)),
        Part("gateway", _argv(plan, "gateway", _gateway_flags(plan)), 6.0, needs="audit"),
        Part("issuer", _argv(plan, "issuer", _issuer_flags(plan)), 3.0, needs="audit"),
        # Only where bots' checks are recorded does it need the log.
        Part(
            "checks",
            _argv(plan, "checks", _checks_flags(plan)),
            3.0,
            needs="audit" if plan.bots_listen else "",
        ),
        *cosign,
        Part("audit", _argv(plan, "audit", _audit_flags(plan)), 5.0),
    )


def _argv(plan: Plan, module: str, flags: dict[str, object]) -> tuple[str, ...]:
    head = (plan.setpriv, "--pdeathsig", "KILL", plan.python, "-m", module)
    return (*head, *(word for name, value in flags.items() for word in (f"--{name}", str(value))))


def _console_argv(plan: Plan, webhook: Webhook) -> tuple[str, ...]:
    flags: dict[str, object] = {
        "gateway-socket": plan.home.gateway_socket,
        "webhook": webhook.url,
        "secret": webhook.secret,
    }
    return _argv(plan, "console", flags)


def _watching_parts(plan: Plan, watching: Watching) -> tuple[Part, ...]:
    """They read what the others write, and nothing waits for them."""
    home = plan.home
    log: dict[str, object] = {
        "log": home.log,
        "index": home.log_index,
        "secret": home.log_reader,
        "listen": watching.log,
    }
    tools: dict[str, object] = {
        "log": home.log,
        "bundles": home.bundles,
        "policies": home.policies,
        "opa": plan.opa,
        "secret": home.policy_tools,
        "listen": watching.policy_tools,
    }
    return (
        Part("log", _argv(plan, "audit.log_service", log), 3.0, needs="audit"),
        Part("authoring", _argv(plan, "authoring", tools), 3.0, needs="audit"),
    )


def _audit_flags(plan: Plan) -> dict[str, object]:
    home = plan.home
    return {"log": home.log, "keys": home.log_key, "signed": home.log_signed, "socket": home.audit_socket}


def _cosign_argv(plan: Plan) -> tuple[str, ...]:
    asked = plan.witnessing
    flags: dict[str, object] = {
        "log": plan.home.log,
        "audit-socket": plan.home.audit_socket,
        "quorum": asked.quorum,
        "alarm-after-s": asked.alarm_after_s,
    }
    witnesses = (word for each in asked.witnesses for word in ("--witness", each))
    return (*_argv(plan, "audit.cosign", flags), *witnesses)


def _checks_flags(plan: Plan) -> dict[str, object]:
    home = plan.home
    flags: dict[str, object] = {
        "socket": home.checks_socket,
        "cache": home.checks_cache,
        "key": home.check_key,
        "jury": home.jury,
        "run": home.run,
        "issuer-socket": home.issuer_socket,
        "gateway-socket": home.gateway_socket,
        "audit-socket": home.audit_socket,
    }
    if plan.bots_listen:
        flags |= {
            "listen": plan.bots_listen,
            "bot-token": home.bot_token,
            "policies": home.policies,
        }
    return flags


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
    beside = plan.approvers
    return {
        "run": home.run,
        "policies": home.policies,
        "bundles": home.bundles,
        "git": home.git,
        "audit-socket": home.audit_socket,
        "checks-socket": home.checks_socket,
        "issuer-socket": home.issuer_socket,
        "issuer-url": plan.issuer_url,
        "credentials": plan.credentials,
        "opa": plan.opa,
        **({"approvals-socket": beside.path, "approvals-group": beside.group} if beside else {}),
    }

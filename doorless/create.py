"""Makes a home, deliberately and whole: policies, keys, secrets, an empty log.

Everything is made in a folder beside it and moved into place at the end, so a home is there completely or not at all.
Nothing that exists is ever overwritten.
"""

import os
import pwd
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from doorless.home import Home, check_socket_paths
from doorless.problem import Problem

SHIPPED_POLICIES = Path(__file__).resolve().parent.parent / "policies"
"""The policy tree that comes with this Doorless."""
DEFAULT_LISTEN = "127.0.0.1:8400"

_CONFIGURATION = """\
# The configuration of this home; `doorless up` reads it at start. Paths are relative to this folder.
issuer:
  # Loopback only. Services that check workflow tokens reach the issuer here.
  listen: {listen}
  # The name that tokens carry as their issuer, and where its keys are found.
  url: http://{listen}

# Pull request bots may ask for checks there, with the token in secrets/bots (made at the first start). Loopback only.
# bots: {{ listen: "127.0.0.1:8403" }}

# Each new hold is sent there, signed with the secret (whsec_ and base64) in that file. https, or http on this machine.
# webhook: {{ url: "https://chat.example/hook", secret: secrets/webhook }}

# The meta-workflow (docs/meta-workflow.md) reads the log and asks what policy would say there. Loopback only.
# meta_workflow: {{ log: "127.0.0.1:8404", policy_tools: "127.0.0.1:8405" }}

# Which static secret goes to which upstream.
credentials: credentials.yaml

# Services that check workflow tokens by introspection: audience, and the file with its secret.
resource_servers:{resource_servers}
"""

_CREDENTIALS = """\
# Static credentials towards upstreams. services.yaml names one with `credential: NAME`; agents never see them.
#   as: header, query or basic (then `name` is the user); `prefix` goes before the secret, e.g. "Bearer ";
#   file: relative to this file; or env: the name of a variable of the gateway's environment.
credentials:{entries}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What `create_home` made, for a person to read: a path below the home and what it is for."""

    path: str
    what: str


def create_home(root: Path, listen: str = DEFAULT_LISTEN) -> tuple[Made, ...]:
    """Make the home `root`, which must not exist or be an empty folder. Raises `Problem`."""
    root = root.expanduser().absolute()
    check_socket_paths(Home(root))
    _refuse_occupied(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    # mkdtemp gives mode 0700, which the home keeps: keys and secrets are for one user.
    draft = Home(Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent)))
    try:
        made = _fill(draft, listen)
        # rename(2) replaces an empty folder and refuses any other: somebody who filled it meanwhile loses nothing.
        draft.root.rename(root)
    except BaseException:
        shutil.rmtree(draft.root, ignore_errors=True)
        raise
    return made


def _refuse_occupied(root: Path) -> None:
    if root.is_dir():
        if any(root.iterdir()):
            raise Problem(
                f"{root} is not empty.",
                "A home is made in a folder of its own, and nothing is ever overwritten.",
                "Name a folder that does not exist yet, or an empty one.",
            )
    elif root.exists() or root.is_symlink():
        raise Problem(f"{root} is not a folder.", "A home is a folder.", "Name another path.")


def _fill(home: Home, listen: str) -> tuple[Made, ...]:
    from audit.folder import Places, create as create_log
    from issuer.keys import create as create_keys

    for folder in (home.secrets, home.bundles, home.run):
        folder.mkdir(mode=0o700)
    shutil.copytree(
        SHIPPED_POLICIES, home.policies, ignore=shutil.ignore_patterns("__pycache__", "__init__.py")
    )
    approver = _name_approver(home.policies / "approvals.yaml")
    create_keys(home.keys)
    create_log(Places(home.log, home.log_key, home.log_signed))
    return (
        Made("policies/", "roles, services and rules: edit roles.yaml and services.yaml first"),
        Made("policies/approvals.yaml", f"who may approve what cannot be undone: {approver or 'nobody'}"),
        *_write_secrets(home, listen),
        Made("keys/", "the issuer's signing key"),
        Made("log/", "the empty audit log; its .vkey file is the public key that others check it with"),
        Made(
            "log-key/ log-signed/",
            "the log's private key; what it signed last, to notice a log that was set back",
        ),
        Made("bundles/ run/", "every policy that was current; sockets while it runs"),
    )


def _name_approver(file: Path) -> str:
    """Let the user who makes this home approve what cannot be undone; a uid without a name can approve nothing."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("approvers: []", f"approvers: [{name}]"), encoding="utf-8")
    return name


_HEADERS = {
    "openai": 'name: Authorization, prefix: "Bearer "',
    "gemini": "name: X-Goog-Api-Key",
    "log": 'name: Authorization, prefix: "Bearer "',
    "policy-tools": 'name: Authorization, prefix: "Bearer "',
}
"""How model providers, by the shape of their errors, and services of ours take a key; all others as X-Api-Key."""


def _write_secrets(home: Home, listen: str) -> tuple[Made, ...]:
    """What the shipped services need: an introspection secret per service that checks tokens, random static keys."""
    from decision.config import load_policies

    made, servers, entries = [], "", ""
    for service in load_policies(home.policies).catalogue.services.values():
        if service.credential == "workflow-jwt":
            file = f"secrets/introspection-{service.name}"
            servers += f"\n  {service.name}: {file}"
            made.append(Made(file, f"the secret with which {service.name} asks the issuer about tokens"))
        elif service.credential and service.errors == "github" and service.git and service.git.credential:
            # One token opens both sides of a forge; its API takes it as a bearer.
            api, file = service.credential, f"secrets/{service.git.credential}"
            entries += f'\n  {api}: {{file: {file}, as: header, name: Authorization, prefix: "Bearer "}}'
        elif service.credential:
            file = f"secrets/{service.credential}"
            header = _HEADERS.get(service.name) or _HEADERS.get(service.errors, "name: X-Api-Key")
            entries += f"\n  {service.credential}: {{file: {file}, as: header, {header}}}"
            made.append(Made(file, f"a random key for {service.name}; put the real one here"))
        for name in sorted({route.people_credential for route in service.routes if route.people_credential}):
            file = f"secrets/{name}"
            entries += f'\n  {name}: {{file: {file}, as: header, name: Authorization, prefix: "Bearer "}}'
            made.append(
                Made(file, f"a random token for what only people do at {service.name}; put theirs here")
            )
        if service.git is not None and service.git.credential:
            name = service.git.credential
            file = f"secrets/{name}"
            # The way in which forges take a token from git: as a password, under a name that they do not read.
            entries += f"\n  {name}: {{file: {file}, as: basic, name: x-access-token}}"
            made.append(Made(file, f"a random token for {service.name}'s git; put the real one here"))
    for one in made:
        _write_private(home.root / one.path, secrets.token_urlsafe(32) + "\n")
    _write_private(
        home.configuration, _CONFIGURATION.format(listen=listen, resource_servers=servers or " {}")
    )
    _write_private(home.credentials, _CREDENTIALS.format(entries=entries or " {}"))
    return (
        Made("doorless.yaml", f"the configuration; the issuer will listen on {listen}"),
        Made("credentials.yaml", "which static secret goes to which upstream"),
        *made,
    )


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(text, encoding="utf-8")

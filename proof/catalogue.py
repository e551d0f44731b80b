"""The policy under which the proof asks: services that lead to canaries, one role that may and one that may not; pure.

The services' names are the shipped ones where they need a credential, so that the home's secrets fit.
"""

from typing import Final

LOOPBACK_PORT: Final = 7411
UPSTREAM_PORT: Final = 7412
FORGE_PORT: Final = 7413
MODELS_PORT: Final = 7414

ALLOWED_ADDRESSES: Final = {
    "canary-private": "http://10.0.0.1",
    "canary-router": "http://192.168.1.1",
    "canary-public": "http://8.8.8.8",
    "canary-public-two": "http://1.1.1.1",
    "canary-public-six": "http://[2606:4700:4700::1111]",
    "canary-loopback": f"http://127.0.0.1:{LOOPBACK_PORT}",
}
"""Services whose addresses the gateway dials for a role that holds them."""

FORBIDDEN_ADDRESSES: Final = {
    "canary-metadata": "http://169.254.169.254",
    "canary-metadata-six": "http://[fd00:ec2::254]",
    "canary-metadata-mapped": "http://[::ffff:169.254.169.254]",
    "canary-metadata-nat64": "http://[64:ff9b::a9fe:a9fe]",
    "canary-metadata-other": "http://100.100.100.200",
    "canary-link-local": "http://169.254.7.7",
    "canary-loopback-two": f"http://127.7.7.7:{LOOPBACK_PORT}",
}
"""Services whose addresses the gateway must not dial for anybody."""

PRISONER: Final = "prisoner"
ROAMER: Final = "roamer"
PUSHER: Final = "pusher"
ERASER: Final = "eraser"
ALERTER: Final = "alerter"
FORGE: Final = "forge"
"""A service with a git side, for the pusher alone."""

_ROUTES: Final = """\
      get: { method: GET, path: "/m/{word}", action: read, data: canaries }
      post: { method: POST, path: "/m/{word}", action: write, data: canaries }
"""
_UPSTREAM_ROUTES: Final = """\
      get: { method: GET, path: "/m/{word}", action: read, data: words }
      post: { method: POST, path: "/m/{word}", action: write, data: words }
      reflect: { method: GET, path: "/reflect/{place}/{rendering}", action: read, data: words }
      stream: { method: GET, path: /stream, action: read, data: words }
      other: { method: GET, path: "/other/{word}", action: read, data: others }
      erase: { method: POST, path: "/erase/{word}", action: erase, data: words, irreversible: true }
      alert: { method: POST, path: /alerts, action: alert, data: words, output: alert-team }
"""
_MODELS: Final = f"""\
  openai:
    upstream: http://127.0.0.1:{MODELS_PORT}/openai/v1
    allow_loopback: true
    errors: openai
    credential: openai-key
    routes:
      chat: {{ method: POST, path: /chat/completions, action: infer }}
"""
_FORGE_API: Final = """\
    errors: github
    credential: forge-api
    scan_bodies: true
    routes:
      propose: { method: POST, path: "/repos/{owner}/{repo}/pulls", action: create-pr }
"""


def services_yaml(jwt_service: str, static_service: str) -> str:
    """The text of services.yaml."""
    text = "services:\n"
    for name, credential in ((jwt_service, "workflow-jwt"), (static_service, f"{static_service}-key")):
        text += f"  {name}:\n    upstream: http://127.0.0.1:{UPSTREAM_PORT}\n    allow_loopback: true\n"
        text += f"    credential: {credential}\n    limits: {{ max_body_bytes: 65536, timeout_s: 5 }}\n"
        text += f"    routes:\n{_UPSTREAM_ROUTES}"
    for name, upstream in (ALLOWED_ADDRESSES | FORBIDDEN_ADDRESSES).items():
        text += f"  {name}:\n    upstream: {upstream}\n"
        text += "    allow_loopback: true\n" if name == "canary-loopback" else ""
        text += f"    routes:\n{_ROUTES}"
    text += _MODELS
    text += f"  {FORGE}:\n    upstream: http://127.0.0.1:{FORGE_PORT}\n    allow_loopback: true\n{_FORGE_API}    git:\n"
    text += f"      upstream: http://127.0.0.1:{FORGE_PORT}\n      allow_loopback: true\n"
    return text + "      credential: forge-git\n      push: { action: create-branch }\n"


def roles_yaml(jwt_service: str, static_service: str) -> str:
    """The text of roles.yaml: the prisoner may read words, the roamer whatever there is."""
    own = f"{jwt_service}, {static_service}"
    every = ", ".join((own, *ALLOWED_ADDRESSES, *FORBIDDEN_ADDRESSES))
    return f"""\
roles:
  {PRISONER}:
    services: [{own}]
    actions: [read]
    data: [words]
  {ROAMER}:
    services: [{every}]
    actions: [read, write]
    data: [words, canaries]
  {ERASER}:
    services: [{static_service}]
    actions: [erase]
    data: [words]
  {ALERTER}:
    services: [{static_service}]
    actions: [alert]
    data: [words]
  juror:
    services: [openai]
    actions: [infer]
  {PUSHER}:
    services: [{FORGE}]
    actions: [read, create-branch, create-pr]
"""


def approvals_yaml(approver: str) -> str:
    """The text of approvals.yaml: whoever runs the proof may approve."""
    return f"templates:\n  irreversible: {{ approvers: [{approver}], expires_in_s: 600 }}\n"


def jury_yaml(libraries: str) -> str:
    """The text of jury.yaml: two jurors whose library is turned, and whose models are what a document tells them to be."""
    return f"""\
libraries: {libraries}
jurors:
  first:  {{ api: openai, service: openai, model: {FIRST} }}
  second: {{ api: openai, service: openai, model: {SECOND}, vendor: another }}
budget: {{ seconds: 40, answer_seconds: 15 }}
"""


FIRST: Final = "told-first"
SECOND: Final = "told-second"

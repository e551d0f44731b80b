"""Reads a home's doorless.yaml: what the operator sets, checked, with file, line and column where it is wrong.

Only `doorless/` reads this file; every part gets what concerns it as flags.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from decision.validation import Name, Strict, validate
from decision.yaml_source import ConfigError, ConfigErrors, read_yaml
from doorless.home import Home

_PORTS = range(1, 65536)


def _loopback_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    try:
        loopback = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = False
    if not colon or not port.isdecimal() or int(port) not in _PORTS or not loopback:
        raise ValueError(f"{text!r} must be a loopback address with a port, such as 127.0.0.1:8400")
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text!r} must be an http or https URL without a query")
    return text.rstrip("/")


class IssuerEntry(Strict):
    """Where the issuer's public face listens, and the name that its tokens carry."""

    listen: Annotated[str, AfterValidator(_loopback_address)] = "127.0.0.1:8400"
    url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8400"


class BotsEntry(Strict):
    """Where pull request bots may ask for checks; without it nobody is answered there."""

    listen: Annotated[str, AfterValidator(_loopback_address)]


class WebhookEntry(Strict):
    """Where each new hold is sent, and the file with the secret that signs it."""

    url: Annotated[str, AfterValidator(_base_url)]
    secret: str


class MetaWorkflowEntry(Strict):
    """Where the meta-workflow is answered: the log's entries, and what policy would say. Nobody is without it."""

    log: Annotated[str, AfterValidator(_loopback_address)]
    policy_tools: Annotated[str, AfterValidator(_loopback_address)]


def _absolute(text: str) -> str:
    if not PurePosixPath(text).is_absolute():
        raise ValueError(
            f"{text!r} must be an absolute path: it lies outside the home, which nobody else can open"
        )
    return text


class ApproversEntry(Strict):
    """A socket for persons beside the operator who may approve, and the group of this machine that may reach it."""

    path: Annotated[str, AfterValidator(_absolute)]
    group: str


class Configuration(Strict):
    """The whole of doorless.yaml. Paths are relative to the home."""

    issuer: IssuerEntry = IssuerEntry()
    bots: BotsEntry | None = None
    webhook: WebhookEntry | None = None
    approvals_socket: ApproversEntry | None = None
    meta_workflow: MetaWorkflowEntry | None = None
    credentials: str = "credentials.yaml"
    resource_servers: Mapping[Name, str] = Field(default_factory=dict)
    """Audience to the file that holds its introspection secret."""


def load_configuration(home: Home) -> Configuration:
    """The configuration of a home. Raises `ConfigErrors` with all that is wrong in it."""
    file = home.configuration
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigErrors((ConfigError(str(file), 1, 1, f"cannot be read: {error}"),)) from None
    document = read_yaml(str(file), text)
    configuration = validate(document, Configuration)
    missing = [
        document.error_at(("resource_servers", audience), f"there is no file {home.root / name}")
        for audience, name in configuration.resource_servers.items()
        if not (home.root / name).is_file()
    ]
    webhook = configuration.webhook
    if webhook is not None and not (home.root / webhook.secret).is_file():
        missing.append(
            document.error_at(("webhook", "secret"), f"there is no file {home.root / webhook.secret}")
        )
    if configuration.meta_workflow is not None:
        missing += [
            document.error_at(
                ("meta_workflow",), f"there is no file {file}, which the catalogue's service names"
            )
            for file in (home.log_reader, home.policy_tools)
            if not file.is_file()
        ]
    if not (home.root / configuration.credentials).is_file():
        where = ("credentials",)
        missing.append(document.error_at(where, f"there is no file {home.root / configuration.credentials}"))
    if missing:
        raise ConfigErrors(missing)
    return configuration

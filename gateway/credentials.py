"""Credentials towards upstreams: a reference becomes a secret in the right place of one request, and nowhere else.

Two kinds: the workflow's own token (`workflow-jwt`), and static ones from the gateway's credentials file.
They are read at start, never written, never logged; `apply` is called after the receipt exists.
"""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.caller import Caller
from gateway.secret import Secret

WORKFLOW_JWT = "workflow-jwt"

Placement = Literal["header", "query", "basic"]


class CredentialUnavailable(Exception):
    """The credential that policy demands is not there; the call cannot be made."""


class CredentialsInvalid(Exception):
    """The credentials file cannot be used; the text says which entry and why."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret and the place where it goes."""

    placement: Placement
    name: str
    value: Secret = field(repr=False)

    def header(self) -> tuple[str, str] | None:
        """The header that carries it, if a header does."""
        match self.placement:
            case "header":
                return self.name, self.value.reveal()
            case "basic":
                pair = f"{self.name}:{self.value.reveal()}".encode()
                return "Authorization", "Basic " + base64.b64encode(pair).decode("ascii")
            case "query":
                return None

    def query(self) -> bytes:
        """The query parameter that carries it, if one does; empty otherwise."""
        if self.placement != "query":
            return b""
        return f"{quote(self.name, safe='')}={quote(self.value.reveal(), safe='')}".encode("ascii")


class _Entry(BaseModel):
    """One entry of the credentials file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    as_: Placement = Field(alias="as")
    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._~-]+$")
    file: str | None = None
    env: str | None = None
    prefix: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError("name exactly one source: `file` or `env`")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    credentials: dict[str, _Entry] = {}


class Credentials:
    """All static credentials of this gateway, by reference."""

    def __init__(self, static: dict[str, Credential]) -> None:
        self._static = static

    def names(self) -> frozenset[str]:
        """Every reference that can be used."""
        return frozenset(self._static) | {WORKFLOW_JWT}

    def header_names(self) -> frozenset[bytes]:
        """The headers that carry a credential of ours: an agent's own are stripped."""
        named = (credential.header() for credential in self._static.values())
        return frozenset(header[0].lower().encode("ascii") for header in named if header) | {b"authorization"}

    def query_names(self) -> frozenset[bytes]:
        """The query parameters that carry a credential of ours: an agent's own are refused."""
        return frozenset(
            credential.name.lower().encode("ascii")
            for credential in self._static.values()
            if credential.placement == "query"
        )

    def fetch(self, reference: str | None, caller: Caller, service: str) -> Credential | None:
        """The credential for one call, or nothing where policy demands none.

        Raises `CredentialUnavailable` for a reference that nobody configured or a token that is not held.
        """
        if reference is None:
            return None
        if reference == WORKFLOW_JWT:
            grant = caller.grants.get(service)
            if grant is None:
                raise CredentialUnavailable(f"the workflow holds no token for {service}")
            return Credential("header", "Authorization", Secret("Bearer " + grant.token.reveal()))
        try:
            return self._static[reference]
        except KeyError:
            raise CredentialUnavailable(f"no credential is named {reference!r}") from None


def load_credentials(file: Path) -> Credentials:
    """The credentials that a file names, read from their own files or the environment.

    Raises `CredentialsInvalid`. A relative path is relative to the credentials file.
    """
    try:
        document = yaml.safe_load(file.read_text()) or {}
        entries = _File.model_validate(document).credentials
    except OSError as error:
        raise CredentialsInvalid(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise CredentialsInvalid(f"{file}: {error}") from error
    return Credentials({name: _read(file, name, entry) for name, entry in entries.items()})


def _read(file: Path, name: str, entry: _Entry) -> Credential:
    where = f"{file}: credentials.{name}"
    if entry.file is not None:
        try:
            value = (file.parent / entry.file).read_text().strip()
        except OSError as error:
            raise CredentialsInvalid(f"{where}: cannot read {entry.file}: {error.strerror}") from error
    else:
        value = os.environ.get(entry.env or "", "")
    if not value or not value.isascii() or not value.isprintable():
        raise CredentialsInvalid(f"{where}: the secret is empty or holds other than printable ASCII")
    return Credential(placement=entry.as_, name=entry.name, value=Secret(entry.prefix + value))

"""Credentials towards upstreams: a reference becomes a secret in the right place of one request, and nowhere else.

Two kinds: the workflow's own token (`workflow-jwt`), and static ones from the gateway's credentials file.
They are read at start, never written, never logged; `apply` is called after the receipt exists.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from decision.validation import Name, Strict, validate
from decision.yaml_source import ConfigErrors, read_yaml
from gateway.caller import Caller
from gateway.scrub import LiveSecret
from gateway.secret import Secret

WORKFLOW_JWT = "workflow-jwt"

SHORTEST_SECRET = 6
"""A value of the file that is shorter is no secret, and may stand in a message about it."""

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
    prefix: str = ""
    """What stands before the secret in its place, and is none."""

    def header(self) -> tuple[str, str] | None:
        """The header that carries it, if a header does."""
        match self.placement:
            case "header":
                return self.name, self._prefixed()
            case "basic":
                pair = f"{self.name}:{self._prefixed()}".encode()
                return "Authorization", "Basic " + base64.b64encode(pair).decode("ascii")
            case "query":
                return None

    def query(self) -> bytes:
        """The query parameter that carries it, if one does; empty otherwise."""
        if self.placement != "query":
            return b""
        return f"{quote(self.name, safe='')}={quote(self._prefixed(), safe='')}".encode("ascii")

    def _prefixed(self) -> str:
        return self.prefix + self.value.reveal()


class _Entry(Strict):
    """One entry of the credentials file."""

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


class _File(Strict):
    credentials: Mapping[Name, _Entry] = Field(default_factory=dict)


class Credentials:
    """All static credentials of this gateway, by reference."""

    def __init__(self, static: dict[str, Credential]) -> None:
        self._static = static

    def names(self) -> frozenset[str]:
        """Every reference that can be used."""
        return frozenset(self._static) | {WORKFLOW_JWT}

    def secrets(self) -> tuple[LiveSecret, ...]:
        """Every static secret under its reference: none of them may come back."""
        return tuple(LiveSecret(name, credential.value) for name, credential in self._static.items())

    def header_names(self) -> frozenset[bytes]:
        """The headers that carry a credential of ours: an agent's own are stripped."""
        named = (credential.header() for credential in self._static.values())
        return frozenset(header[0].lower().encode("ascii") for header in named if header) | {b"authorization"}

    def query_names(self) -> frozenset[str]:
        """The query parameters that carry a credential of ours, in lower case: an agent's own are refused."""
        return frozenset(
            credential.name.lower() for credential in self._static.values() if credential.placement == "query"
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
            return Credential("header", "Authorization", grant.token, prefix="Bearer ")
        try:
            return self._static[reference]
        except KeyError:
            raise CredentialUnavailable(f"no credential is named {reference!r}") from None


def load_credentials(file: Path) -> Credentials:
    """The credentials that a file names, read from their own files or the environment.

    Raises `CredentialsInvalid`. A relative path is relative to the credentials file.
    """
    try:
        document = read_yaml(str(file), file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsInvalid(f"{file}: {_reason(error)}") from None
    except ConfigErrors as errors:
        raise CredentialsInvalid(_places(errors, ())) from None
    try:
        entries = validate(document, _File).credentials
    except ConfigErrors as errors:
        raise CredentialsInvalid(_places(errors, _texts(document.value))) from None
    return Credentials({name: _read(file, name, entry) for name, entry in entries.items()})


def _read(file: Path, name: str, entry: _Entry) -> Credential:
    where = f"{file}: credentials.{name}"
    if entry.file is not None:
        try:
            value = (file.parent / entry.file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            # The name of the file is not shown: a secret may have been pasted in its place.
            raise CredentialsInvalid(f"{where}: its `file` cannot be read: {_reason(error)}") from None
    else:
        value = os.environ.get(entry.env or "", "")
    if not value or not value.isprintable():
        raise CredentialsInvalid(f"{where}: the secret is empty or holds other than printable ASCII")
    return Credential(placement=entry.as_, name=entry.name, value=Secret(value), prefix=entry.prefix)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "it cannot be opened") if isinstance(error, OSError) else "it is not plain text"


def _texts(value: object) -> tuple[str, ...]:
    """Every text value of a document: what must not be repeated in a message about it."""
    if isinstance(value, dict):
        return tuple(text for part in value.values() for text in _texts(part))
    if isinstance(value, list):
        return tuple(text for part in value for text in _texts(part))
    return (value,) if isinstance(value, str) else ()


def _places(errors: ConfigErrors, values: tuple[str, ...]) -> str:
    """The errors with file, line and column, and without any value that the file holds."""
    shown = str(errors)
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST_SECRET:
            shown = shown.replace(value, "…")
    return shown

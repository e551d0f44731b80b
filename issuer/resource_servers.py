"""The services that may ask about tokens issued for them: their name (the audience) and the digest of their secret.

Read once at start from a YAML file, `audience: path of its secret file`. A secret itself is not kept: what is
compared, in constant time, are digests.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from authlib.oauth2.rfc6749 import ClientMixin

MIN_SECRET_BYTES = 16
_is_name = re.compile(r"[a-z][a-z0-9-]{0,62}").fullmatch


class ResourceServersInvalid(Exception):
    """The file or a secret cannot be used; the text names the file, the line and what to do."""


@dataclass(frozen=True, slots=True)
class ResourceServer(ClientMixin):  # type: ignore[misc]  # authlib ships no types
    """One service, as a client of the OAuth server; it authenticates with HTTP Basic and nothing else."""

    audience: str
    secret_sha256: bytes = field(repr=False)

    def get_client_id(self) -> str:
        """Its name."""
        return self.audience

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is its secret, in a time that does not depend on the answer."""
        return hmac.compare_digest(
            _digest(client_secret.encode("utf-8", "surrogateescape")), self.secret_sha256
        )

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - the interface
        """HTTP Basic (RFC 6749 section 2.3.1), at every endpoint."""
        return method == "client_secret_basic"


ResourceServers = Mapping[str, ResourceServer]


def load(file: Path) -> ResourceServers:
    """The resource servers that `file` names; relative paths are relative to its folder.

    Raises `ResourceServersInvalid`: not a mapping of names to paths, a name twice, a secret missing or short.
    """
    try:
        node = yaml.compose(file.read_bytes(), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise ResourceServersInvalid(f"{file}: {' '.join(str(error).split())}") from None
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ResourceServersInvalid(
            f"{_place(file, node)}: a mapping of service names to secret files is needed"
        )
    found: dict[str, ResourceServer] = {}
    for name, path in node.value:
        if not all(isinstance(each, yaml.ScalarNode) for each in (name, path)) or not _is_name(name.value):
            raise ResourceServersInvalid(
                f"{_place(file, name)}: `service-name: path of its secret` is needed"
            )
        if name.value in found:
            raise ResourceServersInvalid(f"{_place(file, name)}: {name.value} stands twice; remove one")
        secret = file.parent / path.value
        found[name.value] = ResourceServer(name.value, _read_secret(secret, _place(file, path)))
    return found


def _read_secret(path: Path, place: str) -> bytes:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ResourceServersInvalid(f"{place}: the secret {path} cannot be read: {error.strerror}") from None
    if len(secret) < MIN_SECRET_BYTES:
        raise ResourceServersInvalid(
            f"{place}: the secret in {path} is shorter than {MIN_SECRET_BYTES} bytes"
        )
    return _digest(secret)


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _place(file: Path, node: yaml.Node) -> str:
    return f"{file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

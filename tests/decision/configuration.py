"""Small configuration texts that the configuration tests start from, and how they load them."""

from pathlib import Path

import pytest

from decision.config import Configuration, load_policies
from decision.yaml_source import ConfigError, ConfigErrors

SERVICES = """\
services:
  reports:
    upstream: http://127.0.0.1:8401
    routes:
      list: {method: GET, path: /reports, action: read, data: bodies}
      erase: {method: DELETE, path: "/reports/{id}", action: erase, data: bodies, irreversible: true}
      ping: {method: GET, path: /ping, action: ping}
  series:
    upstream: https://series.example/api
    credential: series-key
    limits: {max_body_bytes: 100, timeout_s: 5}
    routes:
      list: {method: GET, path: /series, action: read, data: points}
"""

ROLES = """\
roles:
  reader:
    services: [reports, series]
    actions: [read, ping]
    data: [bodies]
    limits: {max_requests_per_min: 30, max_body_bytes: 200}
"""


def load(folder: Path, *, roles: str = ROLES, services: str = SERVICES) -> Configuration:
    """Write both files and load them."""
    (folder / "roles.yaml").write_text(roles)
    (folder / "services.yaml").write_text(services)
    return load_policies(folder)


def errors_of(folder: Path, *, roles: str = ROLES, services: str = SERVICES) -> tuple[ConfigError, ...]:
    """Every error that loading these files gives."""
    with pytest.raises(ConfigErrors) as caught:
        load(folder, roles=roles, services=services)
    return caught.value.errors


def error_of(folder: Path, *, roles: str = ROLES, services: str = SERVICES) -> ConfigError:
    """The one error that loading these files gives."""
    (error,) = errors_of(folder, roles=roles, services=services)
    return error

"""A configuration with another `roles.yaml`: what an edit of that text comes to once it is loaded like any other."""

import tempfile
from pathlib import Path

from decision.config import ROLES_FILE, Configuration, load_policies


def with_roles(configuration: Configuration, roles: str) -> Configuration:
    """The same files but for `roles.yaml`, loaded. Raises `ConfigErrors`, OSError."""
    with tempfile.TemporaryDirectory(prefix="doorless-roles-") as made:
        for name, content in {**configuration.sources, ROLES_FILE: roles.encode()}.items():
            Path(made, name).write_bytes(content)
        return load_policies(Path(made))

"""Where other processes of the home find the policy engine: one symlink, and a token file beside it.

Each is replaced in one step. The token is the same for all children of one supervisor, so that whoever
reads the two one after the other has a pair that fits.
"""

import os
from pathlib import Path

SOCKET_LINK = "opa.sock"
TOKEN_FILE = "opa.token"  # noqa: S105 - a file name
REVISION_FILE = "revision"
"""Beside the socket: the digest of the policy that is served there."""


class Publication:
    """The two names in the run folder. They are absent while nothing may be asked."""

    def __init__(self, run: Path) -> None:
        self._link = run / SOCKET_LINK
        self._token = run / TOKEN_FILE

    def write_token(self, token: str) -> None:
        """Write the token, readable by its owner only."""
        temporary = self._token.with_name(f".{TOKEN_FILE}.new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
        temporary.replace(self._token)

    def point_to(self, socket_path: Path, revision: str) -> None:
        """Lead newcomers to this socket; what is connected already is not touched.

        The revision that is served there stands beside the socket, before anybody is led to it.
        """
        socket_path.with_name(REVISION_FILE).write_text(revision, encoding="ascii")
        temporary = self._link.with_name(f".{SOCKET_LINK}.new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(socket_path)
        temporary.replace(self._link)

    def withdraw(self) -> None:
        """Lead nobody anywhere."""
        self._link.unlink(missing_ok=True)

    def end(self) -> None:
        """Leave nothing behind."""
        self.withdraw()
        self._token.unlink(missing_ok=True)

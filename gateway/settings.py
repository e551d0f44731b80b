"""The gateway's settings: flags become one frozen value; no file and no environment is read here."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is."""

    run: Path
    """Folder of sockets, mode 0700."""
    policies: Path
    bundles: Path
    git: Path
    """Folder of mirrors and of pushes under way."""
    audit_socket: Path
    checks_socket: Path
    issuer_socket: Path
    issuer_url: str
    credentials: Path
    opa: Path | None
    approvals_socket: Path | None = None
    """Where persons beside the operator approve; nowhere, unless it is named."""
    approvals_group: str = ""
    """The group of this machine that may reach it."""

    @property
    def admin_socket(self) -> Path:
        """Where operators and orchestrators connect."""
        return self.run / "gateway.sock"

    @property
    def channels(self) -> Path:
        """The folder of the workflows' channels."""
        return self.run / "ch"


def parse(arguments: Sequence[str]) -> Settings:
    """The settings that the arguments name. Leaves the process with status 2 where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description="The proxy that agents talk to.",
        epilog="Exit codes: 0 stopped, 2 wrong arguments, 69 the log cannot be reached, 75 another gateway "
        "holds this run folder, 78 policies or credentials cannot be used.",
    )
    for flag in ("--run", "--policies", "--bundles", "--git", "--credentials"):
        parser.add_argument(flag, type=Path, required=True)
    for flag in ("--audit-socket", "--issuer-socket", "--checks-socket"):
        parser.add_argument(flag, type=Path, required=True)
    parser.add_argument("--issuer-url", required=True)
    parser.add_argument("--opa", type=Path)
    parser.add_argument("--approvals-socket", type=Path, help="a socket for approvers beside the operator")
    parser.add_argument("--approvals-group", default="", help="the group that may reach it")
    return Settings(**vars(parser.parse_args(arguments)))

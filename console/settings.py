"""The console's settings: flags become one frozen value; no file and no environment is read here."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the gateway is, where holds are sent, and the file with the secret that signs them."""

    gateway_socket: Path
    webhook: str
    secret: Path


def parse(arguments: Sequence[str]) -> Settings:
    """The settings that the arguments name. Leaves the process with status 2 where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m console",
        description="Sends each new hold to where persons read, signed as Standard Webhooks say.",
        epilog="Exit codes: 0 stopped, 2 wrong arguments, 78 the secret cannot be used.",
    )
    parser.add_argument("--gateway-socket", type=Path, required=True)
    parser.add_argument("--webhook", type=_address, required=True, help="https, or http on this machine")
    parser.add_argument("--secret", type=Path, required=True, help="a file that holds whsec_…")
    return Settings(**vars(parser.parse_args(arguments)))


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.hostname is None or parts.username is not None:
        raise argparse.ArgumentTypeError("must be a URL with a host and without a user")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise argparse.ArgumentTypeError("must be https, or http on this machine")
    return text

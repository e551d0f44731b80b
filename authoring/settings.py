"""The flags of `python -m authoring`, as frozen values. Reads no file and no environment."""

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.web import Address


@dataclass(frozen=True, slots=True)
class Settings:
    """Whose past is asked about, with which OPA, and where."""

    log: Path
    bundles: Path
    policies: Path
    opa: Path
    secret: Path
    listen: Address


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m authoring",
        description="What policy would say of the past, over HTTP, read-only, for who brings the secret.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 66 no secret here, 71 the address cannot be served.",
    )
    for name, metavar, told in (
        ("log", "DIR", "folder of the log"),
        ("bundles", "DIR", "policies that were in force, by revision"),
        ("policies", "DIR", "the policies that candidates change"),
        ("opa", "FILE", "the OPA to ask"),
        ("secret", "FILE", "what readers must show"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar=metavar, help=told)
    parser.add_argument(
        "--listen",
        type=_address,
        required=True,
        metavar="ADDRESS",
        help="HOST:PORT on loopback, or unix:PATH",
    )
    return Settings(**vars(parser.parse_args(argv)))


def _address(text: str) -> Address:
    address = Address.parse(text)
    if address.path is None and not ipaddress.ip_address(address.host).is_loopback:
        raise ValueError(f"{text!r} is not on loopback")
    return address

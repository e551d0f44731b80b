"""`python -m audit.cosign`: brings each new checkpoint to the witnesses and keeps what they sign.

Flags, wiring and the loop; what a round does is in `cosigning`.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit.client import AuditClient
from audit.cosigning import LOOK_EVERY_S, Asking, Cosigner
from audit.faults import LogUnavailable
from audit.note import KeyMalformed, parse_vkey
from audit.quorum import Quorum
from audit.witness_link import WitnessLink

EXIT_NO_LOG: Final = 69
_LOGGER = logging.getLogger("cosign")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one cosigning child needs to know."""

    log: Path
    audit_socket: Path
    quorum: int
    alarm_after_s: float
    witnesses: tuple[tuple[str, str], ...]
    """(vkey, address) of each."""


async def run(settings: Settings) -> None:
    """Look every second until SIGTERM. Raises LogUnavailable if there is no audit writer at the start."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await AuditClient.connect(settings.audit_socket)
    links = [WitnessLink(parse_vkey(vkey), address) for vkey, address in settings.witnesses]
    quorum = Quorum(settings.quorum, settings.alarm_after_s)
    cosigner = Cosigner(settings.log, [Asking(link) for link in links], quorum, client)
    print("cosign: ready", flush=True)
    try:
        while not stop.is_set():
            try:
                await cosigner.look()
            except LogUnavailable as error:
                _LOGGER.warning("an alarm could not be recorded: %s", error.reason)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
    finally:
        await asyncio.gather(*(link.close() for link in links))
        await client.close()


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM; the exit code."""
    settings = parse(argv)
    logging.basicConfig(level=logging.WARNING, format="cosign: %(levelname)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(run(settings))
    except LogUnavailable as error:
        print(f"cosign: {error.reason}; start the audit writer first", file=sys.stderr, flush=True)
        return EXIT_NO_LOG
    return 0


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m audit.cosign",
        description="Asks witnesses to cosign every checkpoint of a log.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 69 no audit writer.",
    )
    parser.add_argument("--log", type=Path, required=True, metavar="DIR", help="folder of the log")
    parser.add_argument("--audit-socket", type=Path, required=True, metavar="PATH", help="for alarms")
    parser.add_argument(
        "--quorum", type=int, required=True, metavar="N", help="cosignatures a checkpoint needs"
    )
    parser.add_argument(
        "--alarm-after-s", type=float, required=True, metavar="S", help="so long may they lack"
    )
    parser.add_argument(
        "--witness",
        type=_witness,
        action="append",
        required=True,
        metavar="VKEY=ADDRESS",
        help="public key, and unix:PATH or an http(s) URL; repeatable",
    )
    given = parser.parse_args(argv)
    if not 1 <= given.quorum <= len(given.witness):
        parser.error(f"--quorum is 1 to the number of witnesses, {len(given.witness)}")
    return Settings(given.log, given.audit_socket, given.quorum, given.alarm_after_s, tuple(given.witness))


def _witness(text: str) -> tuple[str, str]:
    # base64 may end in "=", an address holds none before its query, of which it has none
    vkey, _, address = text.rpartition("=")
    try:
        parse_vkey(vkey)
    except KeyMalformed as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not address.startswith(("unix:/", "http://", "https://")):
        raise argparse.ArgumentTypeError(f"{address!r} is neither unix:/PATH nor an http(s) URL")
    return vkey, address


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

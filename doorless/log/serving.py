"""`doorless log serve` and `doorless witness run`: the small servers of the log, in the foreground."""

from pathlib import Path

from audit.faults import LogFault
from audit.published import CHECKPOINT
from audit.serve import application
from audit.web import Address, listening, serve
from doorless.problem import ExitCode, Problem


def serve_log(log: Path, listen: str) -> None:
    """Serve what the log in that folder publishes, until SIGTERM or Ctrl-C. Raises `Problem`."""
    if not (log / CHECKPOINT).is_file():
        raise Problem(f"There is no log in {log}.", f"It has no file {CHECKPOINT}.", "Name another folder.")
    try:
        with listening(address_of(listen)) as listener:
            serve(application(log), listener, "serve")
    except LogFault as fault:
        raise Problem("Nothing is served.", f"{fault}.", "Name another --listen.", ExitCode.FAILED) from None


def address_of(text: str) -> Address:
    """Where to listen. Raises `Problem`."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise Problem(
            "The address cannot be used.", f"{error}.", "Write 127.0.0.1:8500, or unix:PATH."
        ) from None

"""`doorless witness run` and `add`: the witness's folder on one side, the home's witnesses.yaml on the other."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from audit.faults import LogFault
from audit.keys import read_vkeys
from audit.note import Verifier
from audit.web import listening, serve
from audit.witness.app import application
from audit.witness.folder import add_log, create, held, read_signer
from audit.witness.service import Witness
from decision.yaml_source import ConfigErrors
from doorless.chosen_home import choose_home
from doorless.home import Home
from doorless.log.proofs import keys_of
from doorless.log.serving import address_of
from doorless.problem import ExitCode, Problem
from doorless.witnesses import add_witness


@dataclass(frozen=True, slots=True)
class Meeting:
    """Who is to know whom: the options of `doorless witness add`."""

    folder: Path | None
    at: str | None
    key: str | None
    log_key: str | None
    home: Path | None


def run_witness(folder: Path, listen: str, name: str | None) -> None:
    """Serve a witness until SIGTERM or Ctrl-C; make it first where it does not exist and has a name. Raises `Problem`."""
    try:
        if name is not None and not folder.exists():
            sys.stdout.write(f"{create(folder, name).vkey}\n")
            sys.stdout.flush()
        witness = Witness(folder, read_signer(folder), lambda: int(time.time()))
        with held(folder), listening(address_of(listen)) as listener:
            serve(application(witness), listener, "witness")
    except LogFault as fault:
        raise _refused(fault) from None


def introduce(meeting: Meeting) -> None:
    """Do what the options ask for, and say what is left for the other side. Raises `Problem`."""
    if meeting.log_key is not None:
        for log in keys_of([meeting.log_key]):
            _tell_witness(_folder_of(meeting), log)
        return
    home = choose_home(meeting.home)
    if meeting.at is None:
        raise _incomplete("The home must know where the witness answers.", "Add --at unix:/PATH or --at URL.")
    logs = read_vkeys(home.log)
    if meeting.key is not None:
        _tell_home(home, meeting.key, meeting.at)
        said = "".join(f"  doorless witness add DIR --log-key {log.vkey}\n" for log in logs)
        sys.stdout.write(f"Where the witness is, make this log known to it:\n{said}")
        return
    folder = _folder_of(meeting)
    for log in logs:
        _tell_witness(folder, log)
    _tell_home(home, _public(folder), meeting.at)


def _tell_witness(folder: Path, log: Verifier) -> None:
    try:
        add_log(folder, log)
    except LogFault as fault:
        raise _refused(fault) from None
    sys.stdout.write(f"The witness in {folder} knows {log.vkey}.\n")


def _tell_home(home: Home, key: str, at: str) -> None:
    try:
        witnesses = add_witness(home, key, at)
    except ConfigErrors as errors:
        raise Problem(
            "The witness was not added.",
            str(errors),
            f"Mend {home.witnesses}; nothing was written.",
            ExitCode.USAGE,
        ) from None
    sys.stdout.write(
        f"{home.witnesses} names {len(witnesses.witnesses)}, quorum {witnesses.quorum}; it counts from the next "
        "`doorless up` on.\n"
    )


def _folder_of(meeting: Meeting) -> Path:
    if meeting.folder is None:
        raise _incomplete(
            "It was not said which witness.", "Name its folder DIR, or its public key with --key VKEY."
        )
    return meeting.folder


def _public(folder: Path) -> str:
    try:
        return read_signer(folder).verifier.vkey
    except LogFault as fault:
        raise _refused(fault) from None


def _incomplete(why: str, remedy: str) -> Problem:
    return Problem("Something is missing.", why, remedy)


def _refused(fault: LogFault) -> Problem:
    return Problem("The witness cannot be used.", f"{fault}.", "`doorless witness --help`.", ExitCode.FAILED)

"""`doorless log export`: the entries as JSON lines, each with its proof if that is wanted; flat memory."""

import sys
from collections.abc import Iterator

import msgspec

from audit.export import export_lines
from audit.faults import LogFault, LogUnavailable
from audit.proof import ProofInvalid
from audit.prove import prover_of
from audit.published import NotPublished
from audit.reader import read_records
from doorless.home import Home
from doorless.problem import ExitCode, Problem


class _Timed(msgspec.Struct, frozen=True):
    time: int


_timed = msgspec.json.Decoder(_Timed)


def export_log(home: Home, since_ms: int, *, proofs: bool) -> None:
    """Print the entries of that time and later, oldest first. An entry that is not sealed yet has no proof."""
    try:
        for line in export_lines(_wanted(home, since_ms), prover_of(home.log) if proofs else None):
            sys.stdout.buffer.write(line)
        sys.stdout.flush()
    except (ProofInvalid, NotPublished, LogFault, LogUnavailable, msgspec.DecodeError) as error:
        raise Problem(
            "The export ends here.",
            f"{error}.",
            "`doorless log verify` tells what is wrong.",
            ExitCode.FAILED,
        ) from None


def _wanted(home: Home, since_ms: int) -> Iterator[tuple[int, bytes]]:
    for seq, encoded in read_records(home.log):
        if _timed.decode(encoded).time >= since_ms:
            yield seq, encoded

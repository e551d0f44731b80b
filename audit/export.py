"""The log as JSON lines for other programs: each entry as it stands, with its number and, if asked for, its proof.

Streams: memory is flat whatever the size of the log. Promises that the bytes of `entry` in a line are exactly those that
were hashed, so that a proof can be checked with what stands beside it.
"""

from collections.abc import Iterable, Iterator

import msgspec

from audit.prove import NotSealed, Prover


def export_lines(records: Iterable[tuple[int, bytes]], prover: Prover | None = None) -> Iterator[bytes]:
    """One line for each record: `{"seq":…,"entry":…}`, with `"proof":` its tlog-proof text where there is a prover.

    An entry that is not sealed yet has the proof null. Raises what `Prover.prove` does, but for NotSealed.
    """
    for seq, encoded in records:
        line = b'{"seq":%d,"entry":%b' % (seq, encoded)
        if prover is None:
            yield line + b"}\n"
        else:
            yield line + b',"proof":%b}\n' % msgspec.json.encode(_proof(prover, seq, encoded))


def _proof(prover: Prover, seq: int, encoded: bytes) -> str | None:
    try:
        return prover.prove(seq, encoded, carry=False).encode().decode()
    except NotSealed:
        return None

"""One witness at work: judges what it is asked, writes it down, and only then signs.

Synchronous and for one caller at a time: comparing with the last checkpoint and replacing it are one step, as the
protocol demands. Promises that no two cosignatures of this witness contradict each other, whatever the log asks for.
"""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from audit.note import Signer
from audit.witness.folder import Evidence, LogState, keep_evidence, state_of
from audit.witness.judgement import Cosign, Refuse, judge
from audit.witness.request import AddCheckpoint, RequestInvalid, parse_request

_LOGGER = logging.getLogger("witness")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: an HTTP status and a body."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Witness:
    """`now` gives POSIX seconds."""

    folder: Path
    signer: Signer
    now: Callable[[], int]

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one request. Raises OSError or DamagedLog: then nothing was signed."""
        try:
            asked = parse_request(body)
        except RequestInvalid as error:
            return Answer(400, f"{error}\n")
        state = state_of(self.folder, asked.checkpoint.origin)
        latest = state.latest
        judgement = judge(asked, state.keys, latest.checkpoint if latest is not None else None)
        match judgement:
            case Cosign():
                return Answer(200, self._cosign(judgement, state))
            case Refuse():
                if judgement.evidence and latest is not None:
                    self._keep(asked, judgement, latest.note)
                return Answer(judgement.status, judgement.why)
            case _ as never:
                assert_never(never)

    def _cosign(self, judgement: Cosign, state: LogState) -> str:
        line = self.signer.line(judgement.text, self.now())
        signed = "".join(one.line for one in judgement.signed)
        state.advance(f"{judgement.text}\n{signed}{line}".encode())
        # Crash here: written down and never sent. The log asks again from this size, and gets another signature.
        return line

    def _keep(self, asked: AddCheckpoint, judgement: Refuse, cosigned: bytes) -> None:
        evidence = Evidence(
            kind=judgement.evidence,
            time=self.now(),
            why=judgement.why.strip(),
            submitted=asked.note.decode(),
            cosigned=cosigned.decode(),
            proof=[base64.b64encode(one).decode("ascii") for one in asked.proof],
        )
        file = keep_evidence(self.folder, evidence)
        if file is not None:
            _LOGGER.error(
                "%s of %s refused: it signed %d entries that do not fit what was cosigned; both notes are in %s",
                judgement.evidence,
                asked.checkpoint.origin,
                asked.checkpoint.size,
                file,
            )

"""What an agent reports: validated by the checks, recorded, and only then kept where the operator wants it.

Knows nothing of what a report says. Promises that nothing is kept without its entry in the log, and nothing is kept that
is not what the schema of reports says.
"""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from audit.client import AuditClient, LogUnavailable
from audit.entry import EventEntry
from workflows.control import Control
from workflows.failure import NotKept, Unreachable

TYPE = "report"
KEPT, REFUSED = "report.kept", "report.refused"

_REMEDY = "Mend the agent; docs/checks.md has the form, and `doorless validate --type report FILE` tries one."
_LONGEST_PROBLEM = 500


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent printed as its report, and who it was."""

    workflow: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where reports are judged and recorded, and the file that one is kept in, in a folder that is there."""

    checks_socket: Path
    audit_socket: Path
    file: Path


class _Error(msgspec.Struct, frozen=True):
    pointer: str
    remedy: str


class _Result(msgspec.Struct, frozen=True):
    kind: str
    state: str
    errors: tuple[_Error, ...] = ()


class _Found(msgspec.Struct, frozen=True):
    results: tuple[_Result, ...]


class _Measured(msgspec.Struct, frozen=True):
    """What a report may say of how often its agent is right, on labelled samples."""

    accuracy: float | None = None
    samples: int | None = None


async def keep_report(report: Report, desk: Desk) -> None:
    """Validate, record, keep. Raises `NotKept`, and `Unreachable` where it could not be judged or recorded."""
    content = report.text.encode()
    problem = await _problem(report.text, desk.checks_socket)
    detail: dict[str, str | int] = {
        "role": report.role,
        "type": TYPE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    if problem:
        await _record(report, REFUSED, detail | {"problem": problem}, desk.audit_socket)
        raise NotKept("The agent's report was refused.", problem, _REMEDY)
    draft = desk.file.with_name(f".{desk.file.name}.{report.workflow}")
    try:
        with draft.open("xb") as file:
            file.write(content)
        await _record(report, KEPT, detail | _measured(content), desk.audit_socket)
        # If we end here the log has a report that lies nowhere: its digest shows which one is missing.
        draft.replace(desk.file)
    except OSError as error:
        raise NotKept(
            "The agent's report was not kept.", f"{desk.file}: {error.strerror}.", "Name another file."
        ) from None
    finally:
        draft.unlink(missing_ok=True)


async def _problem(text: str, checks: Path) -> str:
    """The first thing that is wrong with it, in words that are not the agent's; empty where nothing is."""
    control = Control("checks", checks)
    try:
        # No jury: that is for what takes effect outside. A report is read by a person.
        reply = await control.ask("POST", "/validate", {"type": TYPE, "body": text, "jury": False})
    finally:
        await control.close()
    if not reply.succeeded:
        raise Unreachable(
            "The report was not judged.", f"The checks answered HTTP {reply.status}.", "See `doorless up`."
        )
    schema = [result for result in reply.read(_Found).results if result.kind == "schema"]
    if [result.state for result in schema] == ["passed"]:
        return ""
    errors = [f"{error.pointer} {error.remedy}".strip() for result in schema for error in result.errors]
    return (errors[0] if errors else "It is not what the schema of reports says.")[:_LONGEST_PROBLEM]


def _measured(content: bytes) -> dict[str, str | int]:
    said = msgspec.json.decode(content, type=_Measured)
    if said.accuracy is None or said.samples is None:
        return {}
    return {"accuracy_bp": round(said.accuracy * 10_000), "samples": said.samples}


async def _record(report: Report, event: str, detail: dict[str, str | int], socket: Path) -> None:
    now = time.time_ns() // 1_000_000
    entry = EventEntry(time=now, event=event, workflow=report.workflow, detail=detail)
    try:
        log = await AuditClient.connect(socket)
        try:
            await log.append(entry)
        finally:
            await log.close()
    except LogUnavailable as error:
        raise Unreachable(
            "The report was not recorded, and so not kept.", f"{error}.", "Is `doorless up` running?"
        ) from None

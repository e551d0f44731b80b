"""`doorless log verify`: check a home's log, a copy, or one that is served; say what it holds, or what disagrees first."""

from contextlib import ExitStack
from pathlib import Path

from audit.checkpoint import CheckpointInvalid, parse_checkpoint
from audit.faults import LogFault, LogMissing, LogUnavailable
from audit.note import NoteInvalid, split_note
from audit.published import CHECKPOINT, NotPublished, PublishedFolder, PublishedUrl
from audit.side_check import SideCheck
from audit.trust import Trust
from audit.verify import LogDisagrees, Report, verify, verify_published
from doorless.home import Home
from doorless.log.documents import print_document
from doorless.log.reading import Advance, progress
from doorless.log.report import Checked, counts, print_report
from doorless.log.sources import Reader, Source
from doorless.problem import ExitCode, Problem


def verify_log(source: Source, reader: Reader, *, as_json: bool) -> None:
    """Check all of it and print what it holds. Raises `Problem`: 1 where something disagrees, 3 where nobody could look."""
    try:
        with progress("checking", quiet=as_json) as advance:
            checked = _check(source, reader, advance)
    except LogDisagrees as wrong:
        if as_json:
            print_document(_disagreement(wrong))
        raise Problem(
            "The log does not verify.",
            str(wrong),
            "Keep it as it is, and copy it before anything else is tried. `docs/log.md` says what each disagreement means.",
            ExitCode.FAILED,
        ) from None
    except (LogMissing, LogUnavailable) as error:
        raise _could_not_look(str(error)) from None
    except LogFault as fault:
        raise Problem(
            "The log does not verify.", str(fault), "Keep it as it is, and copy it.", ExitCode.FAILED
        ) from None
    if as_json:
        print_document(counts(checked))
    else:
        print_report(checked)


def _check(source: Source, reader: Reader, advance: Advance) -> Checked:
    trust = reader.trust
    match source:
        case Home():
            sides = SideCheck(source.log)
            size = _size(PublishedFolder(source.log))
            report = verify(
                source.log, lambda done: advance(done, max(done, size)), trust=trust, on_entry=sides.enter
            )
            sides.finish()
            return Checked(report, sides.kept, sides.forgotten, silent=reader.silent)
        case Path():
            return Checked(
                _check_published(PublishedFolder(source), trust, advance), anonymous=not trust.keys
            )
        case str():
            with ExitStack() as opened:
                served = PublishedUrl(source)
                opened.callback(served.close)
                return Checked(_check_published(served, trust, advance))


def _check_published(published: PublishedFolder | PublishedUrl, trust: Trust, advance: Advance) -> Report:
    size = _size(published)
    return verify_published(published, lambda done: advance(done, max(done, size)), trust=trust)


def _size(published: PublishedFolder | PublishedUrl) -> int:
    """How long the log says that it is, for the progress bar; what is wrong with it is told by the check."""
    try:
        return parse_checkpoint(split_note(published.get(CHECKPOINT))[0]).size
    except (NotPublished, NoteInvalid, CheckpointInvalid):
        return 0


def _disagreement(wrong: LogDisagrees) -> dict[str, object]:
    return {
        "ok": False,
        "record": wrong.seq,
        "place": wrong.place,
        "offset": wrong.offset,
        "what": wrong.what,
    }


def _could_not_look(why: str) -> Problem:
    return Problem(
        "The log could not be looked at.",
        f"{why}.",
        "Nothing was found wrong, and nothing right.",
        ExitCode.NOT_RUNNING,
    )

"""What `doorless log` does: reads the log's folder and prints tables for a person, JSON for a program.

Never writes to the log; works beside a running writer or without one.
"""

import collections
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.entry import EntryInvalid, decode, encode
from audit.faults import LogFault
from audit.query import Filter, Stored, find_decision, select
from audit.reader import POLL_S, JournalReader, read_entries
from audit.verify import LogDisagrees, Report, verify
from doorless import screen
from doorless.log_view import follow_line, lines_of, log_table, story_page
from doorless.problem import ExitCode, Problem


def tail_log(folder: Path, wanted: Filter, lines: int, *, follow: bool, as_json: bool) -> None:
    """Print the last `lines` lines that match, and with `follow` what comes, for ever."""
    one_by_one = _print_json if as_json else _print_line
    with _readable(), JournalReader(folder) as journal:
        past = collections.deque(select(_frames(journal), wanted), maxlen=2 * lines)
        if as_json or follow:
            for stored in list(past)[-lines:]:
                one_by_one(stored)
        else:
            _print_table(past, lines)
        while follow:
            time.sleep(POLL_S)
            # Outcomes of decisions that were printed before the last pause are let through by their own type.
            for stored in _matching(_frames(journal), wanted, past):
                one_by_one(stored)


def show_workflow(folder: Path, workflow: str, *, as_json: bool) -> None:
    """Print a workflow's story in order. Raises `Problem` where the log knows none of that name."""
    with _readable():
        found = list(select(read_entries(folder), Filter(workflow=workflow)))
    if not found:
        raise _unknown(workflow)
    if as_json:
        sys.stdout.write("[" + ",\n ".join(map(_json_of, found)) + "]\n")
    else:
        screen.show(log_table(lines_of(found)))


def show_decision(folder: Path, name: str, *, as_json: bool) -> None:
    """Print one decision with its outcome. Raises `Problem` where the log knows none of that name."""
    with _readable():
        story = find_decision(read_entries(folder), name)
    if story is None:
        raise _unknown(name)
    if as_json:
        outcome = _json_of(story.outcome) if story.outcome else "null"
        sys.stdout.write(f'{{"decision":{_json_of(story.decision)},\n "outcome":{outcome}}}\n')
    else:
        screen.show(story_page(story))


def verify_log(folder: Path, *, as_json: bool) -> None:
    """Check the whole log and print what it holds. Raises `Problem` at the first record that disagrees."""
    try:
        with _readable(), _progress(quiet=as_json) as advance:
            report = verify(folder, advance)
    except LogDisagrees as wrong:
        if as_json:
            _print_document({"ok": False, "record": wrong.seq, "offset": wrong.offset, "what": wrong.what})
        raise Problem(
            f"The log does not verify: record {wrong.seq}, at byte {wrong.offset}.",
            wrong.what,
            f"Keep {folder} as it is, and copy it before anything else is tried.",
            ExitCode.FAILED,
        ) from None
    if as_json:
        _print_document(_counts(report))
    else:
        _print_report(report)


def _frames(journal: JournalReader) -> Iterator[Stored]:
    return (Stored(frame.seq, decode(frame.payload)) for frame in journal.frames())


def _matching(
    entries: Iterator[Stored], wanted: Filter, past: "collections.deque[Stored]"
) -> Iterator[Stored]:
    """Like `select`, remembering in `past` which decisions were let through earlier."""
    for stored in select((each for part in (past, entries) for each in part), wanted):
        if not past or stored.seq > past[-1].seq:
            past.append(stored)
            yield stored


def _print_table(past: "collections.deque[Stored]", lines: int) -> None:
    shown = list(lines_of(past))[-lines:]
    if shown:
        screen.show(log_table(shown))
    else:
        sys.stdout.write("Nothing in the log matches.\n")


def _print_line(stored: Stored) -> None:
    screen.console().print(follow_line(stored), soft_wrap=True)


def _print_json(stored: Stored) -> None:
    sys.stdout.write(_json_of(stored) + "\n")
    sys.stdout.flush()


def _json_of(stored: Stored) -> str:
    return f'{{"seq":{stored.seq},"entry":{encode(stored.entry).decode()}}}'


def _print_document(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _counts(report: Report) -> dict[str, object]:
    return {
        "ok": True,
        "records": report.records,
        "bytes": report.bytes,
        "torn_bytes": report.torn_bytes,
        "types": dict(report.types),
        "decisions": _decisions(report),
        "outcomes": dict(report.outcomes),
        "open_intents": report.open_intents,
    }


def _decisions(report: Report) -> dict[str, int]:
    return {f"{kind} {word}": count for (kind, word), count in sorted(report.decisions.items())}


def _print_report(report: Report) -> None:
    table = screen.new_table("records", "of")
    table.columns[0].justify = "right"
    for name, count in sorted(report.types.items()):
        table.add_row(screen.cell(f"{count:,}", "bold"), screen.cell(name, "bold"))
        inner = {"decision": _decisions(report), "outcome": dict(report.outcomes)}.get(name, {})
        for inner_name, inner_count in inner.items():
            table.add_row(screen.cell(f"{inner_count:,}"), screen.cell(f"  {inner_name}"))
    screen.show(table)
    notes = [
        f"{report.open_intents:,} allowed, with no outcome yet" if report.open_intents else "",
        f"{report.torn_bytes:,} bytes at the end that nobody was told about" if report.torn_bytes else "",
    ]
    note = "".join(f"; {each}" for each in notes if each)
    sys.stdout.write(f"The log holds together: {report.records:,} records, {report.bytes:,} bytes{note}.\n")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} records checked"), TimeElapsedColumn())
    with Progress(*columns, console=screen.console(stderr=True), transient=True) as progress:
        task = progress.add_task("verify", total=None)
        yield lambda read: progress.update(task, completed=read)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (LogFault, EntryInvalid) as fault:
        raise Problem(
            "The log cannot be read.",
            f"{fault}.",
            "`doorless log verify` names the first bad record.",
            ExitCode.FAILED,
        ) from None


def _unknown(name: str) -> Problem:
    return Problem(
        f"Nothing in the log is named {name}.",
        "It holds no such decision and no such workflow.",
        "`doorless log tail` shows the latest ids.",
        ExitCode.FAILED,
    )

"""What `doorless policy replay` does: ask a folder of policies what the home's log holds, and print what differs."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Literal

import msgspec
from rich.table import Table

from audit.faults import LogFault
from authoring.asking import EngineLost
from authoring.replay.replay import Source, Wanted, replay
from authoring.replay.report import document, left_out, markdown, row_of, summary
from authoring.replay.tally import Group, Replay
from decision.opa_binary import OpaNotFoundError, find_opa
from decision.yaml_source import ConfigErrors
from doorless import screen
from doorless.duration import seconds
from doorless.home import Home
from doorless.moment import milliseconds
from doorless.problem import Problem

Form = Literal["text", "json", "markdown"]


def replay_home(home: Home, against: Path, since: str | None, role: str | None) -> Replay:
    """Replay the home's log against a folder of policies. Raises `Problem`."""
    if not against.is_dir():
        raise Problem(f"{against} is not a folder.", "Policies are a folder.", "Name another.")
    source = Source(home.log, home.bundles, find_pinned_opa())
    wanted = Wanted(since_ms=begin_of(since) if since else 0, role=role)
    try:
        return asyncio.run(replay(source, against.resolve(), wanted))
    except ConfigErrors as errors:
        raise Problem(
            f"The policies in {against} cannot be used.", str(errors), "Mend the named lines."
        ) from None
    except (LogFault, msgspec.DecodeError) as fault:
        what = "The log cannot be read."
        raise Problem(what, f"{fault}.", "`doorless log verify` names the first bad record.") from None
    except EngineLost as error:
        raise Problem("The replay broke off.", str(error), "`doorless doctor` checks again.") from None


def begin_of(since: str) -> int:
    """What `--since` says, in milliseconds since the epoch: a span before now (`7d`), or a moment. Raises `Problem`."""
    if since[:1].isdigit() and since[-1] in "smhd":
        return int((time.time() - seconds(since)) * 1000)
    return milliseconds(since)


def find_pinned_opa() -> Path:
    """The OPA of this release. Raises `Problem`."""
    try:
        return find_opa(os.environ)
    except OpaNotFoundError as error:
        raise Problem("No usable OPA was found.", str(error), "`doorless doctor` checks again.") from None


def show(found: Replay, form: Form) -> None:
    """Print it."""
    match form:
        case "json":
            sys.stdout.write(
                msgspec.json.format(msgspec.json.encode(document(found)), indent=2).decode() + "\n"
            )
        case "markdown":
            sys.stdout.write(markdown(found))
        case "text":
            _show_text(found)


def _show_text(found: Replay) -> None:
    sys.stdout.write(f"{found.decisions} recorded decisions, replayed against {found.candidate[:12]}\n")
    for title, groups in (
        ("Flips", found.flips),
        ("The same decision, for other reasons (no flip)", found.explained_otherwise),
        ("NOT reproduced by the policy that the log names", found.mismatches),
    ):
        if groups:
            sys.stdout.write(f"\n{title}\n")
            screen.show(_table(groups))
    apart = left_out(found)
    if apart:
        table = screen.new_table("decisions", "not replayed, because")
        for why, count in apart:
            table.add_row(screen.cell(count), screen.cell(why))
        sys.stdout.write("\n")
        screen.show(table)
    sys.stdout.write(summary(found) + "\n")


def _table(groups: tuple[Group, ...]) -> Table:
    table = screen.new_table("decisions", "turn", "rule", "role", "for example")
    for group in groups:
        table.add_row(*(screen.cell(text) for text in row_of(group)))
        for line in group.changed:
            table.add_row("", "", screen.cell(line), "", "")
    return table

"""What a log that verified holds, as a table for a person and a document for a program."""

import sys
from dataclasses import dataclass

from audit.verify import Report
from doorless import screen
from doorless.child import printable


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and what stands beside the log: inputs that are there, and inputs that were forgotten.

    anonymous: nobody said whose key to trust, so the signatures show that the log holds together, not whose it is.
    silent: witnesses of the home that did not say what they last cosigned.
    """

    report: Report
    kept: int = 0
    forgotten: int = 0
    anonymous: bool = False
    silent: tuple[str, ...] = ()


def counts(checked: Checked) -> dict[str, object]:
    """Everything that was counted."""
    report = checked.report
    return {
        "ok": True,
        "origin": report.origin,
        "records": report.records,
        "first": report.first,
        "sealed": report.sealed,
        "root": report.root,
        "bytes": report.bytes,
        "torn_bytes": report.torn_bytes,
        "types": dict(report.types),
        "decisions": _decisions(report),
        "outcomes": dict(report.outcomes),
        "open_intents": report.open_intents,
        "checkpoints": report.checkpoints,
        "cosigned": dict(report.cosigned),
        "silent_witnesses": list(checked.silent),
        "key_rotations": list(report.rotations),
        "inputs_beside": {"kept": checked.kept, "forgotten": checked.forgotten},
    }


def print_report(checked: Checked) -> None:
    """A table of what was counted, and in words what holds and what nobody vouches for."""
    report = checked.report
    table = screen.new_table("records", "of")
    table.columns[0].justify = "right"
    for name, count in sorted(report.types.items()):
        table.add_row(screen.cell(f"{count:,}", "bold"), screen.cell(name, "bold"))
        inner = {"decision": _decisions(report), "outcome": dict(report.outcomes)}.get(name, {})
        for inner_name, inner_count in inner.items():
            table.add_row(screen.cell(f"{inner_count:,}"), screen.cell(f"  {inner_name}"))
    screen.show(table)
    sys.stdout.write("".join(f"{line}\n" for line in (*_notes(checked), _verdict(report))))


def _notes(checked: Checked) -> list[str]:
    report = checked.report
    beyond = report.first + report.records - report.sealed
    witnesses = ", ".join(f"{name} up to {size:,}" for name, size in sorted(report.cosigned.items()))
    notes = (
        (
            True,
            f"{report.sealed:,} sealed under {report.checkpoints:,} signed checkpoints of {report.origin}",
        ),
        (witnesses, f"witnessed by {witnesses}"),
        (not witnesses, "no witness: a log that is set back whole, checkpoint and all, is not noticed"),
        (
            checked.silent,
            f"{', '.join(checked.silent)} did not answer: not compared with what was cosigned last",
        ),
        (
            checked.anonymous,
            "checked with the keys that lie beside it: they do not show whose log it is (--key)",
        ),
        (report.first, f"verified from record {report.first:,} on; those before were pruned"),
        (beyond, f"{beyond:,} at the end under no checkpoint yet"),
        (report.rotations, f"{len(report.rotations):,} rotations of the log's key"),
        (report.open_intents, f"{report.open_intents:,} allowed, with no outcome yet"),
        (checked.kept, f"{checked.kept:,} inputs beside the log"),
        (checked.forgotten, f"{checked.forgotten:,} inputs forgotten: their decisions cannot be replayed"),
        (report.torn_bytes, f"{report.torn_bytes:,} bytes at the end that nobody was told about"),
    )
    return [f"  {printable(note)}" for holds, note in notes if holds]


def _verdict(report: Report) -> str:
    return f"The log holds together: {report.records:,} records, {report.bytes:,} bytes."


def _decisions(report: Report) -> dict[str, int]:
    return {f"{kind} {word}": count for (kind, word), count in sorted(report.decisions.items())}

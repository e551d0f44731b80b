"""`doorless prove`: whether the walls hold on this machine, tried one by one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doorless.problem import ExitCode

if TYPE_CHECKING:
    from doorless.prove import Proof
    from proof.model import Group, Result


def prove(
    group: Annotated[
        list[str] | None,
        typer.Option("--group", help="Only this group; may be repeated.", show_default=False),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show each probe.", show_default=False)
    ] = False,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json", help="Write the whole report to this file.", metavar="FILE", show_default=False
        ),
    ] = None,
) -> None:
    """Try every wall on this machine, in a network of its own, each attempt beside one that must succeed.

    Ends with 1 on any leak and on any control that did not fire, with 2 where the proof could not be run.
    """
    from doorless.prove import report, run_proof

    proof = run_proof(_groups(group or []), _show_result if verbose else _show_trouble)
    _show_table(proof)
    if json_ is not None:
        json_.write_text(json.dumps(report(proof), indent=2) + "\n", encoding="utf-8")
    if not proof.holds:
        raise typer.Exit(ExitCode.FAILED)


def _groups(names: list[str]) -> "tuple[Group, ...]":
    from doorless.problem import Problem
    from proof.model import Group

    known = {group.value: group for group in Group}
    if unknown := [name for name in names if name not in known]:
        what = f"There is no group named {', '.join(unknown)}."
        raise Problem(
            "Nothing was proven.", what, f"Name some of: {', '.join(known)}; without any, all are tried."
        )
    return tuple(group for name, group in known.items() if not names or name in names)


def _show_result(result: "Result") -> None:
    from doorless.child import printable

    line = f"{result.verdict.upper():<7} {result.group.value:<11} {result.name:<32} {result.proves}"
    typer.echo(printable(f"{line} ({result.why})" if result.why else line))


def _show_trouble(result: "Result") -> None:
    from proof.model import Verdict

    if result.verdict is not Verdict.PROVEN:
        _show_result(result)


def _show_table(proof: "Proof") -> None:
    from doorless.screen import cell, new_table, show

    table = new_table("group", "probes", "controls fired", "leaks", "absent", "s", "verdict")
    for line in proof.lines:
        table.add_row(
            cell(line.title),
            cell(line.tried),
            cell(line.fired),
            cell(line.leaks),
            cell(line.absent),
            cell(f"{line.seconds:.1f}"),
            cell(line.verdict, "green" if line.holds else "red"),
        )
    show(table)
    tried, leaks = sum(line.tried for line in proof.lines), sum(line.leaks for line in proof.lines)
    fired = sum(line.fired for line in proof.lines)
    typer.echo(f"{tried} probes, {fired} controls fired, {leaks} leaks, in {proof.seconds:.0f} s.")

"""`doorless doctor`: what is installed, what works here, and what to do about the rest."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from doorless.commands.options import HomeOption, JsonOption
from doorless.problem import ExitCode

if TYPE_CHECKING:
    from doorless.finding import Finding


def doctor(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Check this machine, and the home if one is named: every line is ok, warn or fail, with what to do.

    Ends with 1 if anything fails.
    """
    from doorless.checkup import check_all

    findings = asyncio.run(check_all(home))
    if json_:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.mark == "fail" for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def _show(findings: "list[Finding]") -> None:
    from doorless.screen import cell, new_table, show

    table = new_table("", "what", "found", "what to do")
    for finding in findings:
        table.add_row(cell(finding.mark), cell(finding.what), cell(finding.found), cell(finding.remedy))
    show(table)
    failed = sum(finding.mark == "fail" for finding in findings)
    warned = sum(finding.mark == "warn" for finding in findings)
    typer.echo(f"{len(findings) - failed - warned} ok, {warned} to look at, {failed} failed.")

"""`doorless log`: reading the audit log back, and checking that it holds together.

Reads the log's folder, beside a running writer or without one; never writes.
"""

from typing import Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption, JsonOption
from doorless.problem import Problem

app = typer.Typer(help="The audit log: read it back, check it.", no_args_is_help=True)


@app.command()
def tail(  # noqa: PLR0917 - one parameter for each option
    home: HomeOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.", show_default=False)
    ] = False,
    workflow: Annotated[
        str | None, typer.Option("--workflow", metavar="WF", help="Only this workflow.")
    ] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", metavar="allow|deny|hold", help="Only such decisions.")
    ] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many to begin with.")] = 40,
    json_: JsonOption = False,
) -> None:
    """Show the last entries of the log; a decision and its outcome are one line."""
    from audit.query import Filter
    from doorless.log_commands import tail_log

    wanted = Filter(workflow=workflow, decision=_decision(decision))
    tail_log(choose_home(home).log, wanted, lines, follow=follow, as_json=json_)


@app.command()
def show(
    which: Annotated[str, typer.Argument(metavar="ID|WF", help="A decision (d-…) or a workflow (wf-…).")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show one decision with everything that the log knows of it, or a workflow's story in order."""
    from doorless.log_commands import show_decision, show_workflow

    folder = choose_home(home).log
    (show_workflow if which.startswith("wf-") else show_decision)(folder, which, as_json=json_)


@app.command()
def verify(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Check the whole log: framing, checksums, sequence, and each outcome after its allowed intent.

    Ends with 1 and names the first record that disagrees, if one does.
    """
    from doorless.log_commands import verify_log

    verify_log(choose_home(home).log, as_json=json_)


def _decision(word: str | None) -> Literal["allow", "deny", "hold"] | None:
    match word:
        case None | "allow" | "deny" | "hold":
            return word
        case _:
            raise Problem(f"{word!r} is no decision.", "It is one of allow, deny and hold.", "")

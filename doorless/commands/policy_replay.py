"""`doorless policy replay`: which recorded decisions other policies would make otherwise."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption
from doorless.problem import ExitCode


def replay(
    against: Annotated[
        Path,
        typer.Option("--against", metavar="DIR", help="The policies that are asked; nothing is changed."),
    ],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="A span (7d, 12h) or a moment; without it everything."),
    ] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only this role.")] = None,
    home: HomeOption = None,
    form: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="How to answer.")
    ] = "text",
) -> None:
    """Ask other policies what was decided already, and show which decisions flip, by rule and role.

    First each decision is made again by the policy that made it. Ends with 1 if any flips, or is not made again.
    """
    from doorless.policy.replay import replay_home, show

    found = replay_home(choose_home(home), against, since, role)
    show(found, form)
    if not found.clean:
        raise typer.Exit(ExitCode.FAILED)
    if found.decisions and not found.reproduced:
        raise typer.Exit(ExitCode.USAGE)  # nothing was compared: that must not pass for "nothing flips"

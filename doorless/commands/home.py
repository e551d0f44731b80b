"""`doorless init` and `doorless up`: making a home, and running one."""

from pathlib import Path
from typing import Annotated

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption


def init(
    home: Annotated[Path, typer.Argument(help="The folder to make; it must not exist yet, or be empty.")],
) -> None:
    """Make a home: configuration, policies, keys, secrets and an empty log."""
    from doorless.create import create_home

    made = create_home(home)
    typer.echo(f"Made the home {home}:")
    width = max(len(each.path) for each in made)
    for each in made:
        typer.echo(f"  {each.path:<{width}}  {each.what}")
    typer.echo(f"\nNext: doorless up --home {home}")


def up(home: HomeOption = None) -> None:
    """Run all parts of a home in the foreground, until SIGTERM or Ctrl-C.

    Prints one line that begins with `ready` on stdout when everything is; logs go to stderr. A part that crashes is
    restarted. Ends with 0 after a clean stop, 1 if a part does not start, 2 if the configuration or a policy is
    wrong (nothing is started then) or the home runs already.
    """
    from doorless.up import run_up

    run_up(choose_home(home))

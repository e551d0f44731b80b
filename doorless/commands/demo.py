"""`doorless demo`: the story of the product, told on real parts."""

from typing import Annotated

import typer


def demo(
    chapters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Only these; without any, all of them.")
    ] = None,
) -> None:
    """Tell the story of Doorless on real parts; ends with 1 if any step did not end as told."""
    from doorless.demo.run import run

    raise typer.Exit(run(tuple(chapters or ())))

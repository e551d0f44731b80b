"""`doorless policy draft`: the smallest grant that would have allowed a refused call."""

import json
from typing import Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption


def draft(
    decision: Annotated[str, typer.Option("--from", metavar="ID", help="The id of a refused decision.")],
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="What is replayed: a span (7d, 12h) or a moment.")
    ] = "30d",
    home: HomeOption = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to answer.")] = "text",
) -> None:
    """Draft the smallest grant that would have allowed a refused call, with its test and its replay.

    Printed for a person, never applied. Where no grant can give it, it says which rule forbids it.
    """
    from authoring.draft.report import document, text
    from doorless.policy.draft import draft_from

    whole = draft_from(choose_home(home), decision, since)
    typer.echo(json.dumps(document(whole), indent=2) + "\n" if form == "json" else text(whole), nl=False)

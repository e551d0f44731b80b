"""`doorless policy suggest`: the narrowest role that would have allowed what a role really did."""

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption
from doorless.home import Home
from doorless.problem import Problem

if TYPE_CHECKING:
    from authoring.replay.tally import Replay
    from authoring.suggest.suggest import Suggestion


def suggest(
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="The role of roles.yaml.")],
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="A span (7d, 12h) or a moment.")
    ] = "30d",
    home: HomeOption = None,
    form: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="How to answer.")
    ] = "text",
) -> None:
    """Suggest a role without the grants that it did not use, as a diff of roles.yaml to be read; nothing is applied.

    Says what was counted, for how long, and what a replay of the role's decisions under it comes to.
    """
    from authoring.suggest.report import document, markdown, text

    suggestion, replay = _suggestion(choose_home(home), role, since)
    match form:
        case "json":
            typer.echo(json.dumps(document(suggestion, replay), indent=2))
        case "markdown":
            typer.echo(markdown(suggestion, replay), nl=False)
        case "text":
            typer.echo(text(suggestion, replay), nl=False)


def _suggestion(home: Home, role: str, since: str) -> "tuple[Suggestion, Replay | None]":
    import msgspec

    from authoring.candidate import candidate
    from authoring.roles_text import CannotEdit
    from authoring.suggest.suggest import CannotSuggest, suggest as suggest_from
    from authoring.suggest.use import used_in_log
    from doorless.log.reading import readable
    from doorless.policy.folder import configuration_of
    from doorless.policy.replay import begin_of, replay_home

    configuration = configuration_of(home.policies)
    with readable():
        try:
            used = used_in_log(home.log, role, since_ms=begin_of(since))
            suggestion = suggest_from(configuration, used)
        except (CannotSuggest, CannotEdit, msgspec.DecodeError) as error:
            raise Problem(
                f"There is no suggestion for the role {role}.",
                f"{error}.",
                "`doorless policy check` lists what does not fit; look at roles.yaml.",
            ) from None
    if not suggestion.diff:
        return suggestion, None
    with candidate(home.policies, suggestion.new_text, None) as folder:
        return suggestion, replay_home(home, folder, since, role)

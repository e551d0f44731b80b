"""`doorless policy diff`: what one policy lets through that another does not."""

import asyncio
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption
from doorless.problem import ExitCode, Problem

if TYPE_CHECKING:
    from authoring.difference.difference import Difference


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A folder of policies, or the beginning of a kept revision.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same.")],
    home: HomeOption = None,
    form: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="How to answer.")
    ] = "text",
) -> None:
    """Say whether NEW is tighter or looser than OLD, or both, with an example request for each difference.

    Exact for roles, services, protected paths and approvals; where the Rego differs, searched, and it says which.
    Ends with 1 if a loosening was found.
    """
    from authoring.difference.report import document, markdown, text

    found = _difference(old, new, home)
    match form:
        case "json":
            typer.echo(json.dumps(document(found), indent=2))
        case "markdown":
            typer.echo(markdown(found), nl=False)
        case "text":
            typer.echo(text(found), nl=False)
    if found.loosens:
        raise typer.Exit(ExitCode.FAILED)


def _difference(old: str, new: str, home: Path | None) -> "Difference":
    from authoring.asking import EngineLost
    from authoring.difference.sources import NoSuchPolicies, difference_between, folder_of
    from decision.yaml_source import ConfigErrors
    from doorless.policy.replay import find_pinned_opa

    bundles = choose_home(home).bundles if home is not None or "DOORLESS_HOME" in os.environ else None
    try:
        with ExitStack() as laid_out:
            first, second = (laid_out.enter_context(folder_of(name, bundles)) for name in (old, new))
            return asyncio.run(difference_between(first, second, find_pinned_opa()))
    except NoSuchPolicies as error:
        raise Problem(
            "There is nothing to compare.",
            f"{error}.",
            "Name a folder; or with --home the first letters of a revision, as `doorless log show` has them.",
        ) from None
    except ConfigErrors as errors:
        raise Problem("The policies cannot be compared.", str(errors), "Mend the named lines.") from None
    except EngineLost as error:
        raise Problem("The search broke off.", str(error), "`doorless doctor` checks again.") from None

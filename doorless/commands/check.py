"""`doorless check`: a change of any repository, judged from git's own objects by the same policy as a push."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from doorless.commands.options import HomeOption

Format = Literal["text", "json", "sarif", "markdown", "github"]


def check(  # noqa: PLR0917 - one parameter for each option
    role: Annotated[str, typer.Option("--role", help="The role that the change is proposed under.")],
    repo: Annotated[Path, typer.Option("--repo", metavar="DIR", help="The repository.")] = Path(),
    base: Annotated[
        str, typer.Option("--base", metavar="REF", help="The branch it is measured against, or a commit.")
    ] = "main",
    head: Annotated[str, typer.Option("--head", metavar="REF", help="The change itself.")] = "HEAD",
    format_: Annotated[Format, typer.Option("--format", help="For whom the answer is.")] = "text",
    policies: Annotated[
        Path | None,
        typer.Option("--policies", metavar="DIR", help="Policies to ask, without a home; else what ships."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Check a change: facts from git, secrets, semgrep, the base's own tests, and what policy says of all that.

    Ends with 0 if it passed, 1 if it failed, 2 if it could not be checked, which is never a pass. With a home the
    check is recorded and its statements are signed.
    """
    from doorless.check_change import Wanted, check_change

    raise typer.Exit(check_change(Wanted(repo, base, head, role, format_, policies, home)))

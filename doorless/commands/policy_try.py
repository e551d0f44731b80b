"""`doorless policy try`: what would happen to a call, without making it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from doorless.commands.options import HomeOption
from doorless.problem import ExitCode, Problem


def try_(  # noqa: PLR0917 - one parameter for each option
    role: Annotated[str, typer.Option("--role", help="The role that would ask.")],
    service: Annotated[str, typer.Option("--service", help="The service of services.yaml.")],
    path: Annotated[str, typer.Option("--path", help="The path below the service; a query may follow.")],
    method: Annotated[str, typer.Option("--method", help="The HTTP method.")] = "GET",
    body: Annotated[
        Path | None, typer.Option("--body", metavar="FILE", help="What would be sent; JSON, unless told.")
    ] = None,
    content_type: Annotated[str, typer.Option("--type", help="Its content type.")] = "application/json",
    policies: Annotated[
        Path | None,
        typer.Option(
            "--policies", metavar="DIR", help="The policies to ask; else the home's, else what ships."
        ),
    ] = None,
    home: HomeOption = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to answer.")] = "text",
) -> None:
    """Say what would happen to a call: nothing is sent, nothing is recorded.

    It is described as the gateway describes it and asked of OPA. Ends with 0 if it would be allowed, with 1 if denied or held.
    """
    from decision.model import Allow
    from doorless.policy.check import choose_policies
    from doorless.policy.try_call import Tried, try_call
    from doorless.policy.try_report import show

    content = _read(body) if body is not None else b""
    tried = Tried(role, service, method, path, content, content_type if content else "")
    outcome = try_call(choose_policies(policies, home), tried)
    show(outcome, tried, form)
    if not isinstance(outcome.decision, Allow):
        raise typer.Exit(ExitCode.FAILED)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Problem(f"{file} cannot be read.", f"{error.strerror}.", "Name a file.") from None

"""`doorless policy`: checking, testing, explaining and reloading policies."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption, JsonOption
from doorless.home import Home
from doorless.problem import ExitCode, Problem

if TYPE_CHECKING:
    from workflows.gateway_client import PolicyRefused, Reloaded

app = typer.Typer(help="Policies: check, test, explain, reload.", no_args_is_help=True)

PoliciesOption = Annotated[
    Path | None,
    typer.Option(
        "--policies", metavar="DIR", help="The folder to look at; without it the home's, else what ships."
    ),
]


@app.command()
def check(policies: PoliciesOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Check policies without running their tests: roles and services, format, types, conventions.

    Every error comes with its file, line and column. Ends with 1 if any gate is closed.
    """
    from decision.gates import static_gates
    from doorless.policy_check import run_gates

    _end(ok=run_gates(static_gates, policies, home, as_json=json_))


@app.command("test")
def run_tests(policies: PoliciesOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Run the policies' own tests, and check that they cover every line. Ends with 1 if not."""
    from decision.gates import suite_gates
    from doorless.policy_check import run_gates

    _end(ok=run_gates(suite_gates, policies, home, as_json=json_))


@app.command()
def explain(
    role: Annotated[str, typer.Option("--role", help="The role of roles.yaml.")],
    path: Annotated[str, typer.Option("--path", help="A file, from the root of its repository.")],
    policies: PoliciesOption = None,
    home: HomeOption = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to answer.")] = "text",
) -> None:
    """Say which rule speaks for a path in a change: forbidden to the role, protected from every agent, or free.

    Each rule comes with the file and line of its pattern. Ends with 1 if the path is denied.
    """
    from doorless.policy_check import choose_policies
    from doorless.policy_explain import explain as explain_path, shown

    spoken = explain_path(choose_policies(policies, home), role, path)
    typer.echo(shown(spoken, role, path, form), nl=False)
    _end(ok=not spoken)


@app.command()
def reload(home: HomeOption = None) -> None:
    """Decide by the home's policies as they are now; a running gateway also notices a change by itself.

    Ends with 1, and the old policy stays in force, if they cannot be used.
    """
    from workflows.gateway_client import PolicyRefused, Reloaded

    match asyncio.run(_reload(choose_home(home))):
        case Reloaded(revision=revision, changed=changed):
            typer.echo(f"{revision} {'is in force now' if changed else 'was in force already'}")
        case PolicyRefused(errors=errors):
            raise Problem(
                "The policies were not reloaded; what was in force before still is.",
                "\n".join(f"{each.file}:{each.line}:{each.column}: {each.message}" for each in errors),
                "Mend the named lines and reload again.",
                ExitCode.FAILED,
            )


async def _reload(home: Home) -> "Reloaded | PolicyRefused":
    from workflows.gateway_client import GatewayClient

    async with GatewayClient(home.gateway_socket) as gateway:
        return await gateway.reload()


def _end(*, ok: bool) -> None:
    if not ok:
        raise typer.Exit(ExitCode.FAILED)

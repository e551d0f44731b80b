"""`doorless policy`: checking, testing, explaining and reloading policies."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption, JsonOption
from doorless.commands.policy_diff import diff
from doorless.commands.policy_draft import draft
from doorless.commands.policy_replay import replay
from doorless.commands.policy_shadow import shadow_app
from doorless.commands.policy_suggest import suggest
from doorless.commands.policy_try import try_
from doorless.home import Home
from doorless.problem import ExitCode, Problem

if TYPE_CHECKING:
    from workflows.gateway_client import PolicyRefused, Reloaded

app = typer.Typer(help="Policies: check, test, explain, reload.", no_args_is_help=True)
app.command()(replay)
app.command()(diff)
app.command()(draft)
app.command()(suggest)
app.add_typer(shadow_app, name="shadow")
app.command("try")(try_)

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
    from doorless.policy.check import run_gates

    _end(ok=run_gates(static_gates, policies, home, as_json=json_))


@app.command("test")
def run_tests(policies: PoliciesOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Run the policies' own tests, and check that they cover every line. Ends with 1 if not."""
    from decision.gates import suite_gates
    from doorless.policy.check import run_gates

    _end(ok=run_gates(suite_gates, policies, home, as_json=json_))


@app.command()
def explain(  # noqa: PLR0917 - one parameter for each option
    which: Annotated[str | None, typer.Argument(metavar="ID", help="A decision of the log, d-….")] = None,
    role: Annotated[str | None, typer.Option("--role", help="The role of roles.yaml.")] = None,
    path: Annotated[
        str | None, typer.Option("--path", help="A file, from the root of its repository.")
    ] = None,
    policies: PoliciesOption = None,
    home: HomeOption = None,
    form: Annotated[
        Literal["text", "json", "html"], typer.Option("--format", help="How to answer.")
    ] = "text",
) -> None:
    """Say why a decision came out as it did (ID), or which rule speaks for a path in a change (--role and --path).

    A decision is explained by the policies that made it: rules that spoke, those that did not, the values they saw.
    With --role and --path it ends with 1 if the path is denied.
    """
    if which is not None:
        from doorless.policy.explain import explain_decision, show

        _only(which, role, path, policies)
        show(explain_decision(choose_home(home), which), form)
        return
    from doorless.policy.check import choose_policies
    from doorless.policy.explain_path import explain as explain_path, shown

    if role is None or path is None or form == "html":
        raise Problem(
            "It is not clear what to explain.",
            "Either a decision is explained, or a path for a role (as text or json).",
            "Add a decision's id, or --role ROLE --path PATH.",
        )
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


def _only(which: str, *others: object) -> None:
    """A decision is explained by the policies that made it: nothing else can be chosen."""
    if any(other is not None for other in others):
        raise Problem(
            "It is not clear what to explain.",
            f"{which} says all that there is to say, and so do --role and --path.",
            "Leave out one or the other.",
        )


async def _reload(home: Home) -> "Reloaded | PolicyRefused":
    from workflows.gateway_client import GatewayClient

    async with GatewayClient(home.gateway_socket) as gateway:
        return await gateway.reload()


def _end(*, ok: bool) -> None:
    if not ok:
        raise typer.Exit(ExitCode.FAILED)

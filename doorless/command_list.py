"""Every command of `doorless` by its name. A command's own modules are imported when it runs."""

from typing import Annotated

import typer

from doorless.commands import (
    approvals,
    check,
    demo,
    doctor,
    home,
    key,
    log,
    policy,
    prove,
    validate,
    witness,
    workflows,
)
from doorless.commands.run import SUMMARY, run_main

EXIT_CODES = (
    "Exit codes: 0 ok · 1 denied, or a check failed · 2 usage or configuration · 3 Doorless is not running. "
    "`doorless run` passes the agent's own code on and uses 119 to 125 for itself; see `doorless run --help`."
)

app = typer.Typer(
    name="doorless",
    help="A zero-credential gateway for AI agents: walls with no doors.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("init")(home.init)
app.command("up")(home.up)


@app.command("run", help=SUMMARY, add_help_option=False, context_settings={"ignore_unknown_options": True})
def _run(words: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    # Listed here, parsed there: `cli` hands `doorless run` over before it imports this module.
    raise typer.Exit(run_main(words or []))


app.command("workflows")(workflows.workflows)
app.command("revoke")(workflows.revoke)
app.command("stop")(workflows.stop)
app.add_typer(approvals.approvals, name="approvals")
app.add_typer(log.app, name="log")
app.add_typer(witness.app, name="witness")
app.add_typer(policy.app, name="policy")
app.add_typer(key.app, name="key")
app.command("check")(check.check)
app.command("validate")(validate.validate)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.command("prove")(prove.prove)

"""`doorless log`: reading the audit log back, checking it, proving what stands in it, and caring for it.

What reads works on the log's folder, beside a running writer or without one.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from doorless.chosen_home import choose_home
from doorless.commands import log_care
from doorless.commands.options import HomeOption, JsonOption
from doorless.problem import Problem

app = typer.Typer(
    help="The audit log: read it back, check it, prove what stands in it.", no_args_is_help=True
)

KeyOption = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="VKEY", help="A public key of the log, or a .vkey file; may be repeated."),
]
WitnessOption = Annotated[
    list[str] | None,
    typer.Option("--witness", metavar="VKEY", help="The public key of a witness; may be repeated."),
]


@app.command()
def tail(  # noqa: PLR0917 - one parameter for each option
    home: HomeOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.", show_default=False)
    ] = False,
    workflow: Annotated[
        str | None, typer.Option("--workflow", metavar="WF", help="Only this workflow.")
    ] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", metavar="allow|deny|hold", help="Only such decisions.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only this role.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many to begin with.")] = 40,
    json_: JsonOption = False,
) -> None:
    """Show the last entries of the log; a decision and its outcome are one line."""
    from audit.query import Filter
    from doorless.log.tail import tail_log

    wanted = Filter(workflow=workflow, decision=_decision(decision), role=role)
    tail_log(choose_home(home), wanted, lines, follow=follow, as_json=json_)


@app.command()
def show(
    which: Annotated[str, typer.Argument(metavar="ID|WF", help="A decision (d-…) or a workflow (wf-…).")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show one decision with everything that the log knows of it, or a workflow's story in order."""
    from doorless.log.show import show_decision, show_workflow

    (show_workflow if which.startswith("wf-") else show_decision)(choose_home(home), which, as_json=json_)


@app.command()
def verify(  # noqa: PLR0917 - one parameter for each option
    home: HomeOption = None,
    dir_: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="A copy of a log, instead of a home.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="A log that is served, instead of a home; needs --key.")
    ] = None,
    key: KeyOption = None,
    witness: WitnessOption = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against", metavar="FILE", help="A checkpoint that was kept: the log must still begin so."
        ),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Check the whole log from its entries up: bundles, tiles, every signed checkpoint, cosignatures, outcomes.

    Ends with 1 and names the first thing that disagrees, if one does; with 3 where it could not look.
    """
    from doorless.log.sources import chosen_source, reader_of
    from doorless.log.verify import verify_log

    source = chosen_source(home, dir_, url, key or [])
    verify_log(source, reader_of(source, key or [], witness or [], against or []), as_json=json_)


@app.command()
def prove(
    which: Annotated[str, typer.Argument(metavar="ID", help="A decision, d-…")], home: HomeOption = None
) -> None:
    """Print a proof that one decision stands in the log; it is checked with nothing but the log's key."""
    from doorless.log.proofs import prove_decision

    prove_decision(choose_home(home), which)


@app.command("check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `doorless log prove` printed.")],
    key: KeyOption = None,
    witness: WitnessOption = None,
    quorum: Annotated[
        int, typer.Option("--quorum", min=0, help="So many of the witnesses must have cosigned.")
    ] = 0,
    json_: JsonOption = False,
) -> None:
    """Check a proof offline, with no home and no server, and show what it proves."""
    from doorless.log.proofs import Trusted, check_proof_file, keys_of

    if not key:
        raise Problem("No key was named.", "A proof is worth what its key is worth.", "Add --key VKEY.")
    trusted = Trusted(keys_of(key), keys_of(witness or []), quorum)
    check_proof_file(file, trusted, as_json=json_)


@app.command()
def export(
    home: HomeOption = None,
    form: Annotated[
        str, typer.Option("--format", metavar="jsonl", help="The only one: JSON lines.")
    ] = "jsonl",
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From this date or time (UTC) on.")
    ] = None,
    proofs: Annotated[
        bool, typer.Option("--proofs", help="Each entry with its proof.", show_default=False)
    ] = False,
) -> None:
    """Print the entries, oldest first, one JSON document a line."""
    from doorless.log.export import export_log
    from doorless.moment import milliseconds

    if form != "jsonl":
        raise Problem(f"{form!r} is no format.", "There is one: jsonl, one document a line.", "Leave it out.")
    export_log(choose_home(home), milliseconds(since) if since else 0, proofs=proofs)


app.command("serve")(log_care.serve)
app.command("ship")(log_care.ship)
app.command("prune")(log_care.prune)
app.command("forget")(log_care.forget)
app.command("rotate-key")(log_care.rotate_key)


def _decision(word: str | None) -> Literal["allow", "deny", "hold"] | None:
    match word:
        case None | "allow" | "deny" | "hold":
            return word
        case _:
            raise Problem(f"{word!r} is no decision.", "It is one of allow, deny and hold.", "")

"""`doorless run`: one workflow from its task to its end, with the agent's own exit code.

Imports are counted here, because every agent waits for them: this command is parsed by argparse (0.01 s), not by
typer, which brings pydantic (0.3 s). The list of commands shows it all the same.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from doorless.chosen_home import choose_home
from doorless.duration import seconds
from doorless.home import Home
from doorless.problem import ExitCode, Problem

if TYPE_CHECKING:
    from sandbox.run import OnOutput
    from workflows.lifecycle import Rooms
    from workflows.model import Ended, Task

SUMMARY = "Run an agent under a role: a workflow with its own tokens and channel, in a sandbox."

_DESCRIPTION = f"""\
{SUMMARY}

The agent reads the current folder as /agent (read-only), calls $DOORLESS_URL/SERVICE/PATH, and holds nothing.
Whatever happens, the agent is stopped, its tokens are revoked, its channel is closed.
"""

_EXIT_CODES = """\
exit codes:
  the agent's own  128 + n where signal n ended it; 127 its program was not found, 126 it cannot be executed
  119              the agent's report was refused by its schema, or could not be kept
  120              policy denied the workflow
  121              Doorless is not running, or a part of it does not answer
  122              the sandbox does not work here
  123              the workflow was cut: revoked, or the gateway went away
  124              its time ran out
  125              usage, or the agent could not be started
"""


def run_main(argv: list[str]) -> int:
    """Run the command line `doorless run ARGV`; the exit code. Raises `Failure`."""
    options = _parser().parse_args(argv)
    home, task = choose_home(options.home), _task(options)
    said: list[str] = []
    ended = asyncio.run(_run(home, task, _to(said) if options.report else _pass_on))
    _say(_summary(ended))
    if options.report:
        _keep(home, options.report, ended, task.role, "".join(said))
    return exit_code(ended)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Problem(
            "The command was not understood.", f"{message}.", "`doorless run --help` shows how it is used."
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="doorless run",
        usage="doorless run --role ROLE [OPTIONS] -- COMMAND...",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the agent's program")
    parser.add_argument("--role", required=True, help="the role that the agent works under")
    parser.add_argument("--task", default="", metavar="TEXT", help="what is to be done, as DOORLESS_TASK")
    parser.add_argument("--ttl", default="5m", help="how long the workflow may live: 90s, 5m (default), 1h")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="SCOPE",
        help="give less than the role, such as read:crash-reports; may be repeated",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="what the agent prints on stdout is its report: kept there once it was validated and recorded",
    )
    parser.add_argument("--home", type=Path, help="the home to work on; without it DOORLESS_HOME")
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="for debugging only: the agent can reach whatever you can, and the log says so",
    )
    return parser


def _task(options: argparse.Namespace) -> "Task":
    from workflows.model import Task
    from workflows.unsafe import MARK

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise Problem(
            "The agent's program is missing.",
            "Nothing stands behind `--`.",
            "doorless run --role ROLE -- COMMAND",
        )
    _check_report(options)
    return Task(
        role=options.role,
        text=MARK + options.task if options.unsafe_no_sandbox else options.task,
        ttl_s=seconds(options.ttl),
        only=tuple(options.only),
        command=tuple(command),
        agent_folder=Path.cwd(),
        sandboxed=not options.unsafe_no_sandbox,
    )


def _check_report(options: argparse.Namespace) -> None:
    if options.report is None:
        return
    if options.unsafe_no_sandbox:
        raise Problem(
            "No agent was started.",
            "A report is kept of agents in a room only.",
            "Leave out --report or --unsafe-no-sandbox.",
        )
    folder = options.report.absolute().parent
    if not os.access(folder, os.W_OK) or options.report.is_dir():
        raise Problem("No agent was started.", f"No report can be kept as {options.report}.", "Name a file.")


async def _run(home: Home, task: "Task", output: "OnOutput") -> "Ended":
    from workflows.lifecycle import run_workflow
    from workflows.model import Parts

    parts = Parts(home.issuer_socket, home.gateway_socket, home.root)
    return await run_workflow(task, parts, _rooms(home, task, output))


def _rooms(home: Home, task: "Task", output: "OnOutput") -> "Rooms":
    if not task.sandboxed:
        from workflows.unsafe import NoRooms

        _say("NO SANDBOX: this agent can reach whatever you can")
        return NoRooms()
    from workflows.rooms import SandboxRooms

    active = os.environ.get("VIRTUAL_ENV")
    return SandboxRooms(home.root, Path(active) if active else None, output, _say)


def _pass_on(stream: str, text: str) -> None:
    out = sys.stdout if stream == "stdout" else sys.stderr
    out.write(text)
    out.flush()


def _to(said: list[str]) -> "OnOutput":
    """What the agent prints on stdout is added to `said` instead of being shown."""

    def output(stream: str, text: str) -> None:
        if stream == "stdout":
            said.append(text)
        else:
            _pass_on(stream, text)

    return output


def _keep(home: Home, file: Path, ended: "Ended", role: str, said: str) -> None:
    """Keep what the agent reports, if it came to its end. Raises `NotKept`, `Unreachable`."""
    from workflows.reports import Desk, Report, keep_report

    if ended.exit_code != 0:
        _say("no report was kept: the agent did not complete its work")
        return
    desk = Desk(home.checks_socket, home.audit_socket, file)
    asyncio.run(keep_report(Report(ended.workflow, role, said), desk))
    _say(f"its report was validated and is kept as {file}")


def exit_code(ended: "Ended") -> int:
    """What `doorless run` ends with."""
    if ended.exit_code is not None:
        return ended.exit_code
    if ended.signal is not None:
        return 128 + ended.signal
    return ExitCode.RUN_TIMEOUT if ended.reason == "timeout" else ExitCode.RUN_CUT


def _summary(ended: "Ended") -> str:
    how = f"{ended.reason}" if ended.exit_code is None else f"{ended.reason}, exit code {ended.exit_code}"
    note = f" ({ended.note})" if ended.note else ""
    return f"{ended.workflow} ended: {how}{note}; see `doorless log show {ended.workflow}`"


def _say(text: str) -> None:
    sys.stderr.write(f"doorless: {text}\n")
    sys.stderr.flush()

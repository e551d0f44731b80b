"""The `doorless` command: the one place where a failure becomes an exit code.

`doorless run` is started without the other commands' libraries: how fast it starts is a figure that we promise.
"""

import os
import sys

from doorless.problem import ExitCode, Problem, render
from workflows.failure import Failure, NotKept, Refused, SandboxBroken, Unreachable

_SIGINT = 130
_SIGPIPE = 141


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(argv: list[str]) -> int:
    """Run one command; the exit code. Foreseeable failures are printed in one form, and nothing is raised."""
    ran = argv[:1] == ["run"]
    try:
        return _run(argv[1:]) if ran else _any_other(argv)
    except KeyboardInterrupt:
        return _SIGINT
    except BrokenPipeError:
        # Whoever read our output has left (`doorless log tail | head`): end as SIGPIPE would have ended us.
        # Nothing more can be written, and the interpreter's own last flush must not complain about that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SIGPIPE
    except Failure as failure:
        sys.stderr.write(render(failure))
        return exit_code_of(failure, ran=ran)


def _run(argv: list[str]) -> int:
    from doorless.commands.run import run_main

    return run_main(argv)


def _any_other(argv: list[str]) -> int:
    import typer

    from doorless.command_list import app

    try:
        code = app(argv, prog_name="doorless", standalone_mode=False)
    except typer.Abort:
        return _SIGINT
    except typer.TyperException as usage:
        what, do = "The command was not understood.", "`doorless --help`, or `doorless COMMAND --help`."
        raise Problem(what, usage.format_message(), do) from None
    return code if isinstance(code, int) else ExitCode.OK


def exit_code_of(failure: Failure, *, ran: bool) -> int:
    """The exit code of a failed command; `ran`: it was `doorless run`, whose small codes are the agent's."""
    match failure:
        case Problem(code=code):
            return ExitCode.RUN_USAGE if ran else code
        case Refused():
            return ExitCode.RUN_DENIED if ran else ExitCode.FAILED
        case Unreachable():
            return ExitCode.RUN_NOT_RUNNING if ran else ExitCode.NOT_RUNNING
        case NotKept():
            return ExitCode.RUN_NOT_KEPT if ran else ExitCode.FAILED
        case SandboxBroken():
            return ExitCode.RUN_NO_SANDBOX if ran else ExitCode.FAILED
        case _:
            return ExitCode.RUN_USAGE if ran else ExitCode.FAILED

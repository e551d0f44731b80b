"""The one set-up command: `python3 tools/setup.py run|test|bench`.

Only the order of the steps and the exit codes live here; each step is a module beside this one. Standard
library only. Safe to repeat: what is already there is found and named, never made twice.
"""

import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
USAGE = """usage: python3 tools/setup.py run|test|bench

  run    what `doorless` needs: .venv, pinned packages, OPA, bubblewrap, scanners of changes,
         libraries of jurors and of the meta-workflow
  test   run, and what the tests and checks need: developers' packages, Regal, strace, git,
         gh, client libraries
  bench  run, and what the benchmarks need: wrk, nginx

Exit status: 0 ready; 1 a step failed; 2 wrong usage; 3 packages are missing that only root may install."""


def main(arguments: "list[str]") -> int:
    """Carry out the set-up that the one argument names; return the exit status."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        wanted = ".".join(map(str, OLDEST))
        print(
            "set-up stopped: Doorless needs Python %s or newer, and %s is %s.\n"  # noqa: UP031 - an old Python must be able to read this
            "What to do: install a newer Python and say `make PYTHON=python3.12 ...`."
            % (wanted, sys.executable, found),
            file=sys.stderr,
        )
        return 1
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    sys.path[0] = str(ROOT)  # so that `tools` is a package and none of its modules hides a standard one
    from tools.sequence import GOALS, set_up

    if len(arguments) != 1 or arguments[0] not in GOALS:
        print(USAGE, file=sys.stderr)
        return 2
    return set_up(ROOT, arguments[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

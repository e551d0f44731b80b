"""Runs git for the agent, and prints what it says: where a push is refused, the reasons stand in it."""

import subprocess
import sys
from pathlib import Path


class GitFailedError(Exception):
    """A git ended with an error, which it has said."""


def git(folder: Path, *words: str) -> str:
    """Run git and print what it says; what it said. Raises `GitFailedError`."""
    ran = subprocess.run(
        ["git", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    # Git pads what comes from the other side, so that it covers its own progress on a terminal.
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())
    sys.stdout.flush()
    if ran.returncode:
        raise GitFailedError(" ".join(words[:1]))
    return ran.stdout

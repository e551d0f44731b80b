"""A change as the text that people and jurors read: git's own diff from the merge base, with nothing left out.

For reading alone: facts never come from this text. No attribute, no filter and no configuration of a repository hides
a line of it.
"""

import tempfile
import time
from pathlib import Path

from checks.faults import CannotDescribe, Code, GitFailed
from checks.git import Git

MOST_BYTES = 2 * 2**20
_WITHIN_S = 20.0
# `--text`: a file that is declared binary, or that holds a NUL, is shown all the same.
_ARGUMENTS = (
    *("diff", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv", "--text"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--unified=5", "--no-indent-heuristic"),
)


def diff_text(repository: Path, base: str, head: str) -> str:
    """The diff of two commits, from where they parted. Raises `CannotDescribe`."""
    with tempfile.TemporaryDirectory(prefix="dl-diff-") as home:
        git = Git(repository, Path(home), time.monotonic() + _WITHIN_S, MOST_BYTES)
        try:
            said = git.run(*_ARGUMENTS, f"{base}...{head}", "--")
        except GitFailed as error:
            raise CannotDescribe(
                Code.HEAD_MISSING, f"The change cannot be shown: git ended with {error.status}."
            ) from None
    return said.decode("utf-8", "backslashreplace")

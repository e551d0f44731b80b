"""Why a change could not be described: one closed family, each with a stable code and a remedy.

Whoever gets one of these has no facts, and so no change goes in: it is never a pass.
"""

import enum


class Code(enum.StrEnum):
    """The stable code of each way in which describing can fail."""

    NOT_A_REPOSITORY = "not_a_repository"
    BASE_MISSING = "base_missing"
    HEAD_MISSING = "head_missing"
    SEVERAL_HEADS = "several_heads"
    SHALLOW = "shallow"
    CORRUPT = "corrupt"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    GIT_MISSING = "git_missing"
    NO_ROOM = "no_room"
    SCANNER_MISSING = "scanner_missing"
    SCANNER_FAILED = "scanner_failed"


REMEDIES: dict[Code, str] = {
    Code.NOT_A_REPOSITORY: "Name the folder of a git repository.",
    Code.BASE_MISSING: "Fetch the branch that the change is measured against, then try again.",
    Code.HEAD_MISSING: "Name a commit that the repository holds.",
    Code.SEVERAL_HEADS: "Push one branch at a time.",
    Code.SHALLOW: "Fetch the whole history: `git fetch --unshallow`; in GitHub Actions `fetch-depth: 0`.",
    Code.CORRUPT: "Run `git fsck --full`; make the commits again from a fresh clone.",
    Code.TOO_SLOW: "Make the change smaller: fewer commits, smaller files.",
    Code.TOO_LARGE: "Make the change smaller: fewer commits, fewer files.",
    Code.NO_ROOM: "Make room in the folder of temporary files (TMPDIR) where the checks run.",
    Code.GIT_MISSING: "Install git 2.34 or newer where the checks run.",
    Code.SCANNER_MISSING: "Run `make setup`, or let DOORLESS_SCANNERS name an environment that holds requirements/scanners.txt.",
    Code.SCANNER_FAILED: "Try again; if it fails on the same change, leave out the largest file and report it.",
}


class CannotDescribe(Exception):
    """There are no facts. `code` is stable; `message` says what happened, `remedy` what to do."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = REMEDIES[code]


class GitFailed(Exception):
    """A git command ended with an error; whoever asked knows what that means, and translates it."""

    def __init__(self, command: str, status: int, said: str) -> None:
        super().__init__(f"git {command} ended with {status}: {said}")
        self.status = status
        self.said = said

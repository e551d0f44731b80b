"""The way out of a push: exactly the objects that were judged go upstream, with the allow and its receipt.

All refs move or none does, and each only from the commit that was judged. The credential stands in the environment of
one git and nowhere else.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from audit.receipt import Receipt
from decision.model import Allow
from gateway.git.checks import Pushed, Update
from gateway.git.mirror import disk_is_full
from gateway.git.process import GIT, Ended, run
from gateway.git.remote import Remote
from gateway.upstream import ReceiptMismatch
from sandbox.git_environment import git_environment

PUBLISH_WITHIN_S = 600.0
LOOK_WITHIN_S = 30.0
NOBODY = "0" * 40

_LOGGER = logging.getLogger("gateway.git")

_MOVED = re.compile(
    r"\((?:stale info|fetch first|non-fast-forward|needs force|already exists)\)|incorrect old value|"
    r"reference already exists|failed to update ref|cannot lock ref",
)
# An atomic push says in its status only that it failed; what the upstream prints beside it says why.
_MOVED_MEANWHILE = re.compile(r"is at [0-9a-f]+ but expected|\.lock': File exists|reference already exists")
_REJECTED = re.compile(r"^!\t[^\t]*\t\[(?:remote )?rejected\] \((?P<why>[^)]*)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """A push as it was judged, under the id of its decision."""

    id: str
    pushed: Pushed


@dataclass(frozen=True, slots=True)
class Published:
    """Every ref of the change is at the upstream."""


@dataclass(frozen=True, slots=True)
class NotPublished:
    """No ref of the change was moved, or nobody can say; `forwarded`: the upstream may have seen the change."""

    code: str
    message: str
    remedy: str
    forwarded: bool


_AWAY = NotPublished(
    "push.upstream_unreachable",
    "The change was allowed, but the upstream repository cannot be reached; nothing was published.",
    "Push again later; if it lasts, tell the operator of this gateway the decision id.",
    forwarded=False,
)
_MOVED_AWAY = NotPublished(
    "push.upstream_moved",
    "The change was allowed, but the branch is no longer where it was when you pushed; nothing was published.",
    "Fetch, put your commits on top of what is there now, and push again.",
    forwarded=True,
)
_FULL = NotPublished(
    "push.disk_full",
    "The gateway has no space left to pass the change on; nothing was published.",
    "Tell the operator of this gateway the decision id.",
    forwarded=False,
)


async def publish(
    change: Change, allow: Allow, receipt: Receipt, remote: Remote, home: Path
) -> Published | NotPublished:
    """Publish what `allow` allows and `receipt` proves to be recorded; all refs or none.

    Raises `ReceiptMismatch` for a receipt of another decision, `ValueError` for a change that would delete a ref.
    """
    if receipt.entry_id != change.id or not isinstance(allow, Allow):
        raise ReceiptMismatch(change.id)
    pushed = change.pushed
    environment = _environment(pushed, remote, home)
    ended = await run(_argv(pushed, remote), environment, within_s=PUBLISH_WITHIN_S)
    if ended.code == 0:
        return Published()
    _LOGGER.warning(
        "%s was not published: %s", change.id, (ended.out.decode("utf-8", "replace") + ended.said)
    )
    told = _told(ended)
    if told is not None:
        return told
    # It broke off: whether the refs moved, only the upstream knows.
    return await _as_upstream_says(pushed, remote, home)


def _environment(pushed: Pushed, remote: Remote, home: Path) -> dict[str, str]:
    settings = (
        *remote.settings,
        ("push.followTags", "false"),
        ("push.gpgSign", "false"),
        ("push.recurseSubmodules", "no"),
        ("push.useForceIfIncludes", "false"),
        # What was received is whole already: no time is spent on finding smaller deltas.
        ("pack.window", "0"),
    )
    return {
        **git_environment(str(home), settings),
        "GIT_OBJECT_DIRECTORY": pushed.objects,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(pushed.quarantine / "objects"),
    }


def _argv(pushed: Pushed, remote: Remote) -> tuple[str, ...]:
    return (
        *(GIT, f"--git-dir={pushed.quarantine}", "push", "--porcelain", "--quiet", "--atomic", "--no-verify"),
        *(f"--force-with-lease={update.name}:{_expected(update)}" for update in pushed.updates),
        remote.url,
        *(f"{_published(update)}:{update.name}" for update in pushed.updates),
    )


def _expected(update: Update) -> str:
    return "" if update.old == NOBODY else update.old


def _published(update: Update) -> str:
    if update.new == NOBODY:
        raise ValueError("a deletion is never published")
    return update.new


def _told(ended: Ended) -> NotPublished | None:
    """What git says of a push that failed; nothing where it cannot know."""
    out, err = ended.out.decode("utf-8", "replace"), ended.err.decode("utf-8", "replace")
    if disk_is_full(ended.err):
        return _FULL
    if _MOVED.search(out) or _MOVED_MEANWHILE.search(err):
        return _MOVED_AWAY
    rejected = _REJECTED.search(out)
    if rejected is not None:
        return NotPublished(
            "push.upstream_refused",
            "The change was allowed here, but the upstream repository refused it; nothing was published.",
            "Tell the operator of this gateway the decision id: its log has what the upstream said.",
            forwarded=True,
        )
    if "unable to access" in err or "Authentication failed" in err or "could not read" in err:
        return _AWAY
    return None


async def _as_upstream_says(pushed: Pushed, remote: Remote, home: Path) -> Published | NotPublished:
    argv = (GIT, "ls-remote", "--quiet", "--refs", remote.url, *(update.name for update in pushed.updates))
    looked = await run(argv, git_environment(str(home), remote.settings), within_s=LOOK_WITHIN_S)
    if looked.code:
        return NotPublished(
            "push.upstream_unreachable",
            "The change was allowed, but the upstream repository broke off while it was passed on.",
            "Fetch to see whether your branch moved; if it did not, push again later.",
            forwarded=True,
        )
    there = set(looked.out.decode("utf-8", "replace").splitlines())
    if all(f"{update.new}\t{update.name}" in there for update in pushed.updates):
        return Published()
    return NotPublished(
        "push.upstream_failed",
        "The change was allowed, but the upstream repository failed on it; nothing was published.",
        "Push again later; if it lasts, tell the operator of this gateway the decision id.",
        forwarded=True,
    )

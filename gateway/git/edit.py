"""What a forge's API asks to change, read from its body, and made into git objects in the quarantine of a push.

The commit names whom the body names, or the workflow; git itself refuses paths that would reach outside a work tree.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from decision.change import Person
from decision.model import Deny, gateway_denial
from gateway.git.asked import GitCall
from gateway.git.checks import Update
from gateway.git.mirror import BRANCHES
from gateway.git.process import GIT, run
from gateway.git.publish import NOBODY
from gateway.git.quarantine import Quarantine
from gateway.git.receipt_line import reads_like_one, receipt_line, signed_text
from sandbox.git_environment import git_environment

WITHIN_S = 60.0
_ORDINARY = "100644"
_REF = re.compile(r"refs/[a-z]+/[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Named(msgspec.Struct, frozen=True):
    """Somebody, as a body names them."""

    name: str
    email: str


class FileBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of PUT and DELETE /contents/{path}; `sha` is the blob that is replaced."""

    message: str
    content: str | None = None
    branch: str = ""
    sha: str = ""
    author: Named | None = None
    committer: Named | None = None


class RefBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of POST /git/refs and PATCH /git/refs/{ref}."""

    sha: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change as it would be pushed; `blob` is empty where no file has new content."""

    update: Update
    created: bool
    path: str = ""
    blob: str = ""
    size: int = 0
    message: str = ""
    """What its commit says, receipt included; empty where it makes none."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """Where objects are made: the quarantine of a push, the folder of what it brings, an empty home, and who works.

    `decision` is the id under which what is made will be decided.
    """

    quarantine: Quarantine
    objects: Path
    home: Path
    identity: Person
    decision: str

    async def git(self, *words: str, given: bytes = b"", people: tuple[Named, Named] | None = None) -> str:
        """What a git command prints, without the line end. Raises `GitRefused`."""
        folder = self.quarantine.folder
        argv = (GIT, f"--git-dir={folder}", *words)
        ended = await run(argv, self._environment(people), within_s=WITHIN_S, given=given)
        if ended.code:
            raise GitRefused(ended.said)
        return ended.out.decode("utf-8", "surrogateescape").rstrip("\n")

    def _environment(self, people: tuple[Named, Named] | None) -> dict[str, str]:
        folder = self.quarantine.folder
        settings = (("core.protectHFS", "true"), ("core.protectNTFS", "true"))
        environment = {
            **git_environment(str(self.home), settings),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(folder / "objects"),
            "GIT_LITERAL_PATHSPECS": "1",
        }
        for role, person in zip(("AUTHOR", "COMMITTER"), people or (), strict=False):
            environment |= {f"GIT_{role}_NAME": person.name, f"GIT_{role}_EMAIL": person.email}
        return environment


class GitRefused(Exception):
    """Git does not do what the API asks; the text is for the operator."""


async def made(call: GitCall, body: bytes, base: str, bench: Workbench) -> Edit | Deny:
    """The change that a request means, its objects made; or why it is none. `base` is the branch it means by itself."""
    try:
        if call.part in {"create-ref", "update-ref"}:
            asked = msgspec.json.decode(body, type=RefBody)
            name = asked.ref if call.part == "create-ref" else f"refs/{call.target}"
            return await _ref(name, asked.sha, bench, new=call.part == "create-ref")
        return await _file(call, msgspec.json.decode(body, type=FileBody), base, bench)
    except (msgspec.DecodeError, binascii.Error):
        return _UNREADABLE
    except GitRefused:
        return _NOT_MADE


async def _ref(name: str, sha: str, bench: Workbench, *, new: bool) -> Edit | Deny:
    if not _plain(name) or not _COMMIT.fullmatch(sha):
        return _UNREADABLE
    old = bench.quarantine.mirror.commit(name)
    if new and old:
        return _EXISTS
    if not new and not old:
        return _NO_BRANCH
    try:
        await bench.git("cat-file", "-e", f"{sha}^{{commit}}")
    except GitRefused:
        return _NO_COMMIT
    return Edit(Update(name, old or NOBODY, sha), created=new)


async def _file(call: GitCall, asked: FileBody, base: str, bench: Workbench) -> Edit | Deny:
    if reads_like_one(asked.message):
        return _FORGED
    name = BRANCHES + (asked.branch.removeprefix(BRANCHES) or base)
    parent = bench.quarantine.mirror.commit(name)
    if not parent:
        return _NO_BRANCH
    mode, had = await _entry(parent, call.target, bench)
    deleting = call.part == "delete-file"
    if had != asked.sha or (deleting and not had) or (asked.content is None) != deleting:
        return _CHANGED if had != asked.sha or deleting else _UNREADABLE
    await bench.git("read-tree", parent)
    content = base64.b64decode("".join((asked.content or "").split()), validate=True)
    blob = "" if deleting else await bench.git("hash-object", "-w", "--stdin", given=content)
    if deleting:
        # `--force-remove` wants a work tree; mode 0 says the same (git-update-index(1)).
        line = f"0 {NOBODY}\t{call.target}\0".encode()
        await bench.git("update-index", "-z", "--index-info", given=line)
    else:
        await bench.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{call.target}")
    tree = await bench.git("write-tree")
    message = signed_text(asked.message, receipt_line(bench.decision))
    commit = await _commit(asked, (tree, parent), message, bench)
    return Edit(Update(name, parent, commit), not had, call.target, blob, len(content), message)


async def _entry(commit: str, path: str, bench: Workbench) -> tuple[str, str]:
    """Mode and blob of a file; no blob where there is none."""
    listed = await bench.git("ls-tree", "-z", commit, "--", path)
    about, _, found = listed.rstrip("\0").partition("\t")
    if found != path:
        return _ORDINARY, ""
    mode, _, sha = about.split(" ")
    return mode, sha


async def _commit(asked: FileBody, onto: tuple[str, str], message: str, bench: Workbench) -> str:
    """A commit of a tree on its parent."""
    tree, parent = onto
    own = Named(bench.identity.name, bench.identity.email)
    committer = asked.committer or own
    people = (asked.author or committer, committer)
    given = message.encode("utf-8", "replace")
    return await bench.git("commit-tree", tree, "-p", parent, given=given, people=people)


def _plain(name: str) -> bool:
    parts = name.split("/")
    wrong = ".." in name or name.endswith((".lock", "/", "."))
    return _REF.fullmatch(name) is not None and not wrong and all(not part.startswith(".") for part in parts)


_READ_AGAIN = "Read the branch and the file again, and send the change once more."

_UNREADABLE = gateway_denial(
    "push.body_invalid",
    "The body is not what this call takes: names and texts as documented, content in base64, commits by their full id.",
    "Correct the body; plain letters are best for names of branches.",
)
_NOT_MADE = gateway_denial(
    "push.body_invalid", "Git cannot make this change: it takes no file of this name.", "Choose another path."
)
_NO_BRANCH = gateway_denial(
    "push.branch_missing", "There is no such branch to change.", "Create the branch first: POST /repos/{owner}/{repo}/git/refs."
)  # fmt: skip
_EXISTS = gateway_denial("push.branch_exists", "There is a branch of this name already.", _READ_AGAIN)
_NO_COMMIT = gateway_denial(
    "push.commit_unknown", "The repository has no such commit on any branch.", _READ_AGAIN
)
_FORGED = gateway_denial(
    "push.receipt_forged",
    "The message holds what reads like a receipt of this gateway, which only the gateway writes.",
    "Leave it out: the gateway adds its own line.",
)
_CHANGED = gateway_denial(
    "push.file_changed", "The file is not what `sha` says it is: another one, or none.", _READ_AGAIN
)

"""What a push says beside its files is searched for secrets: ref names, paths, and every byte of its commits.

A finding is a fact, and policy decides on it. What holds one is replaced before anybody is asked, so that neither
the question nor the log nor a reason repeats it.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from decision.change import ChangeFacts, IrregularFact, SecretFact
from gateway.git.checks import Pushed
from gateway.git.process import GIT, started
from gateway.outbound import LEFT_OUT
from sandbox.git_environment import git_environment

Search = Callable[[bytes], tuple[str, ...]]
"""The ids of what looks like a secret in these bytes."""

Commit = tuple[str, bytes]
"""A commit's id, and all that it says."""

MOST_BYTES = 8 * 1024 * 1024
"""Of all commits of a push together, their messages included."""
WITHIN_S = 60.0

_COMMIT = b"commit "


def searched_names(facts: ChangeFacts, search: Search) -> ChangeFacts:
    """The facts, with what was found in ref names and paths, and without the names that hold it."""
    if not search("\n".join(_names(facts)).encode("utf-8", "surrogateescape")):
        return facts
    found: list[SecretFact] = []

    def clean(name: str, place: str) -> str:
        rules = search(name.encode("utf-8", "surrogateescape"))
        found.extend(SecretFact(rule=rule, path=place, commit="", line=0) for rule in rules)
        return LEFT_OUT if rules else name

    def path(name: str) -> str:
        return clean(name, "[a path]")

    replace = msgspec.structs.replace
    replaced = replace(
        facts,
        refs=tuple(replace(ref, name=clean(ref.name, "[a ref name]")) for ref in facts.refs),
        files=tuple(replace(each, path=path(each.path), folded=path(each.folded)) for each in facts.files),
        touched=tuple(
            replace(each, path=path(each.path), folded=path(each.folded)) for each in facts.touched
        ),
        irregular=tuple(
            replace(each, path=path(each.path), detail=path(each.detail)) for each in facts.irregular
        ),
        secrets=tuple(replace(each, path=path(each.path)) for each in facts.secrets),
    )
    return _with_secrets(replaced, found)


def _names(facts: ChangeFacts) -> Iterator[str]:
    yield from (ref.name for ref in facts.refs)
    for file in facts.files:
        yield from (file.path, file.folded)
    for touched in facts.touched:
        yield from (touched.path, touched.folded)
    for irregular in facts.irregular:
        yield from (irregular.path, irregular.detail)


async def new_commits(pushed: Pushed, home: Path) -> tuple[Commit, ...] | None:
    """The commits that the upstream does not have, with all that they say: messages and headers.

    Nothing where they cannot be read, or say more than `MOST_BYTES`.
    """
    heads = [update.new for update in pushed.updates if update.new.strip("0")]
    read = await _commits(pushed, heads, home) if heads else b""
    return None if read is None else tuple(_each(read))


def searched_commits(facts: ChangeFacts, commits: tuple[Commit, ...] | None, search: Search) -> ChangeFacts:
    """The facts, with what was found in the commits. Those that were not read are irregular: never silently passed over."""
    if commits is None:
        irregular = IrregularFact(kind="truncated", path="", detail="the commits say too much to be searched")
        return msgspec.structs.replace(facts, irregular=(*facts.irregular, irregular))
    return _with_secrets(
        facts,
        [
            SecretFact(rule=rule, path="[a commit]", commit=commit, line=0)
            for commit, said in commits
            for rule in search(said)
        ],
    )


async def _commits(pushed: Pushed, heads: list[str], home: Path) -> bytes | None:
    argv = (GIT, "rev-list", "--pretty=raw", *heads, "--not", "--branches")
    environment = {
        **git_environment(str(home)),
        "GIT_DIR": str(pushed.quarantine),
        "GIT_OBJECT_DIRECTORY": pushed.objects,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(pushed.quarantine / "objects"),
    }
    async with started(argv, environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(WITHIN_S):
                read = b""
                while len(read) <= MOST_BYTES and (chunk := await process.stdout.read(65_536)):
                    read += chunk
                whole = len(read) <= MOST_BYTES and await process.wait() == 0
        except TimeoutError:
            whole = False
    return read if whole else None


def _each(read: bytes) -> Iterator[Commit]:
    """Each commit with all that it says. Only the line that begins a commit begins so: the rest is indented or a header."""
    commit, said = "", b""
    for line in read.splitlines(keepends=True):
        if line.startswith(_COMMIT):
            if commit:
                yield commit, said
            commit, said = line.removeprefix(_COMMIT).strip().decode("ascii", "replace"), b""
        else:
            said += line.removeprefix(b"    ")
    if commit:
        yield commit, said


def _with_secrets(facts: ChangeFacts, found: list[SecretFact]) -> ChangeFacts:
    if not found:
        return facts
    distinct = dict.fromkeys((*facts.secrets, *found))
    return msgspec.structs.replace(facts, secrets=tuple(distinct))

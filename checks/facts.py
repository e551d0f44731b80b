"""Describing a change: from the objects of a repository to `ChangeFacts`, and nothing that is not in the objects.

Promises all facts or a `CannotDescribe`; what is too much is named in the facts as `truncated`, never left out silently.
"""

from collections.abc import Iterator, Mapping, Sequence

from checks.change import Change, NewBlob, ScanSecrets
from checks.compare import Compared, compare
from checks.differences import MOST_ENTRIES
from checks.ends import Ends, ends_of
from checks.faults import CannotDescribe, Code, GitFailed
from checks.history import History, read_history
from checks.irregular import in_order, of_paths, truncated, unreadable
from checks.limits import MOST_COMMITS, MOST_FACTS
from checks.measure import Final, blobs_of, file_facts
from checks.names import shown
from checks.objects import Header, headers
from checks.raw_diff import UnexpectedForm
from checks.store import Store, opened
from checks.tree_facts import tree_facts
from decision.change import BaseFact, ChangeFacts, FileFact, IrregularFact, Totals, TouchedFact
from decision.path_patterns import fold

SCAN_LIMIT_S = 60.0
"""For reading all new content, beyond the time that describing has."""


def describe(change: Change, scan: ScanSecrets) -> ChangeFacts:
    """Everything that git says of the change, and what `scan` finds in the content that it brings.

    Raises `CannotDescribe`: then there are no facts.
    """
    try:
        with opened(change.repository, change.objects, change.base) as store:
            try:
                return _described(store, change, scan)
            except GitFailed as failure:
                raise _translated(store, failure) from failure
    except UnexpectedForm as failure:
        raise CannotDescribe(Code.CORRUPT, f"git says something unexpected: {failure}.") from failure
    except OSError as error:
        raise CannotDescribe(
            Code.NO_ROOM, f"A temporary file cannot be written: {error.strerror}."
        ) from error


def _described(store: Store, change: Change, scan: ScanSecrets) -> ChangeFacts:
    ends = ends_of(store.git, change)
    if not ends.head:
        return _nothing(store, change, ends)
    history = read_history(store.git, ends.base, ends.head)
    compared = compare(store.git, history, ends.base, ends.head)
    known = headers(store.git, sorted(blobs_of(list(compared.touching()))))
    blobs = {name: header for name, header in known.items() if header.type == "blob"}
    lacking = tuple(unreadable(compared.touching(), blobs))
    final = Final(*compared.ends, compared.final[:MOST_FACTS], blobs)
    readable = not lacking and not compared.odd and len(compared.final) <= MOST_FACTS
    files = file_facts(store.git, final, measured=readable)
    touched = _touched(compared, files)
    irregular = (
        *store.irregular,
        *compared.odd,
        *lacking,
        *of_paths(compared.touching()),
        *tree_facts(store.git, compared.trees),
        *_of_history(history),
        *_too_much(history, compared, touched),
    )
    return ChangeFacts(
        refs=ends.refs,
        base=BaseFact(ref=change.base_ref, commit=ends.base),
        head=ends.head,
        merge_base=history.merge_bases[0] if history.merge_bases else "",
        files=files,
        touched=touched[:MOST_FACTS],
        commits=tuple(commit.fact for commit in history.commits),
        secrets=tuple(scan(store.git.renewed(SCAN_LIMIT_S), new_blobs(compared, blobs))),
        irregular=in_order(irregular),
        totals=_totals(files, len(compared.final)),
    )


def new_blobs(compared: Compared, blobs: Mapping[str, Header]) -> Sequence[NewBlob]:
    """All content that any commit brings, once each, with the first path that holds it.

    Content that the final diff takes away (a file that is renamed) was in base and is not new.
    """
    old = {entry.old for entry in compared.final}
    found: dict[str, NewBlob] = {}
    for commit, entry in compared.steps:
        name = entry.new
        if entry.new_mode and name in blobs and name not in old and name not in found:
            found[name] = NewBlob(name, shown(entry.path), commit, blobs[name].size)
    return tuple(found.values())


def _touched(compared: Compared, files: Sequence[FileFact]) -> tuple[TouchedFact, ...]:
    final = {(file.path, file.new_mode) for file in files}
    seen = {(shown(entry.path), entry.new_mode) for entry in compared.touching()} - final
    return tuple(TouchedFact(path=path, folded=fold(path), mode=mode) for path, mode in sorted(seen))


def _of_history(history: History) -> Iterator[IrregularFact]:
    if not history.merge_bases:
        yield IrregularFact(kind="orphan", path="", detail="base and head have no common history")
    for commit in history.commits:
        if not commit.parents:
            yield IrregularFact(kind="orphan", path="", detail=f"commit {commit.id} has no parent")
        for oddity in commit.oddities:
            yield IrregularFact(kind="unreadable", path="", detail=f"commit {commit.id}: {oddity}")


def _too_much(
    history: History, compared: Compared, touched: Sequence[TouchedFact]
) -> Iterator[IrregularFact]:
    if history.truncated:
        yield truncated("commits", MOST_COMMITS)
    if not compared.whole:
        yield truncated("differences", MOST_ENTRIES)
    if len(compared.final) > MOST_FACTS:
        yield truncated("files", MOST_FACTS)
    if len(touched) > MOST_FACTS:
        yield truncated("touched paths", MOST_FACTS)


def _totals(files: Sequence[FileFact], count: int) -> Totals:
    return Totals(
        files=count, lines=sum(file.lines for file in files), bytes=sum(file.bytes for file in files)
    )


def _nothing(store: Store, change: Change, ends: Ends) -> ChangeFacts:
    """The facts of a push that only takes refs away."""
    return ChangeFacts(
        refs=ends.refs,
        base=BaseFact(ref=change.base_ref, commit=ends.base),
        head="",
        merge_base="",
        files=(),
        touched=(),
        commits=(),
        secrets=(),
        irregular=in_order(store.irregular),
        totals=Totals(files=0, lines=0, bytes=0),
    )


def _translated(store: Store, failure: GitFailed) -> CannotDescribe:
    """What it means that a git failed whose failure nobody expected."""
    if store.is_shallow:
        return CannotDescribe(
            Code.SHALLOW, "The repository's history is cut off before base and head meet (a shallow clone)."
        )
    return CannotDescribe(Code.CORRUPT, f"The history cannot be read: {failure.said or failure}.")

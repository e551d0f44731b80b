"""`checks.facts` at its limits: what is too much is said, and what explodes is cut. The rest is in `test_corpus`."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from checks.change import Change, NewBlob, Update
from checks.facts import describe
from checks.faults import CannotDescribe, Code
from checks.git import Git
from checks.limits import MOST_COMMITS, MOST_FACTS
from decision.change import ChangeFacts, SecretFact
from tests.checks.objects import FOLDER, NO_ID, REGULAR, Objects, bare_repository

PEOPLE = "author A <a@example.org> 1 +0000\ncommitter A <a@example.org> 1 +0000\n\nx\n"


class Repository:
    """Commits of trees, in a bare repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = bare_repository(folder)
        self.objects = Objects()
        self.base = self.commit(self.objects.tree([(REGULAR, b"a", self.objects.blob(b"1\n"))]))

    def commit(self, tree: str, *parents: str) -> str:
        lines = "".join(f"parent {parent}\n" for parent in parents)
        return self.objects.add("commit", f"tree {tree}\n{lines}{PEOPLE}".encode())

    def described(self, head: str, seen: list[NewBlob] | None = None) -> ChangeFacts:
        def scan(_git: Git, blobs: Sequence[NewBlob]) -> list[SecretFact]:
            (seen if seen is not None else []).extend(blobs)
            return []

        self.objects.write(self.folder / "objects")
        update = Update("refs/heads/x", NO_ID, head)
        return describe(Change(self.folder, None, "main", self.base, (update,)), scan)


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "bare.git")


def details(facts: ChangeFacts) -> list[str]:
    return [fact.detail for fact in facts.irregular if fact.kind == "truncated"]


def test_more_files_than_are_listed_are_counted_and_said(made: Repository) -> None:
    """The list ends at its limit; the total does not, and `truncated` says that there is more."""
    blob = made.objects.blob(b"x\n")
    many = [(REGULAR, b"%05d" % number, blob) for number in range(MOST_FACTS)]
    full = made.described(made.commit(made.objects.tree(many[1:]), made.base))
    assert (full.totals.files, len(full.files), details(full)) == (MOST_FACTS, MOST_FACTS, [])
    over = made.described(made.commit(made.objects.tree(many), made.base))
    assert (over.totals.files, len(over.files)) == (MOST_FACTS + 1, MOST_FACTS)
    assert "more than 10000 files" in details(over)


def test_more_commits_than_are_read_are_said(made: Repository) -> None:
    """A thousand commits are read whole; of one more the newest thousand are, and `truncated` says so."""
    tree = made.objects.tree([])
    head, ids = made.base, []
    for number in range(MOST_COMMITS + 1):
        tree = made.objects.tree([(REGULAR, b"f", made.objects.blob(b"%d\n" % number))])
        head = made.commit(tree, head)
        ids.append(head)
    assert details(made.described(ids[-2])) == []
    over = made.described(ids[-1])
    assert details(over) == ["more than 1000 commits"]
    assert [commit.id for commit in over.commits] == ids[1:]


def test_a_tree_that_explodes_is_cut(made: Repository) -> None:
    """Ten folders of ten folders, ten levels deep: 10^10 paths in twelve objects do not eat our memory or our time."""
    tree = made.objects.tree([(REGULAR, b"f", made.objects.blob(b""))])
    for _ in range(10):
        tree = made.objects.tree([(FOLDER, b"%d" % number, tree) for number in range(10)])
    with pytest.raises(CannotDescribe) as raised:
        made.described(made.commit(tree, made.base))
    assert raised.value.code in {Code.TOO_LARGE, Code.TOO_SLOW}


def test_new_content_is_listed_once_with_where_it_came(made: Repository) -> None:
    """All content that any commit brings, also what is gone in the end; not what base has."""
    once, twice = made.objects.blob(b"once\n"), made.objects.blob(b"twice\n")
    first = made.commit(made.objects.tree([(REGULAR, b"a", once), (REGULAR, b"b", twice)]), made.base)
    second = made.commit(made.objects.tree([(REGULAR, b"c", twice)]), first)
    seen: list[NewBlob] = []
    made.described(second, seen)
    assert seen == [NewBlob(once, "a", first, 5), NewBlob(twice, "b", first, 6)]


def test_facts_do_not_depend_on_what_was_asked_before(made: Repository) -> None:
    """The same change is described to the same bytes each time: its digest can be kept."""
    head = made.commit(
        made.objects.tree([(REGULAR, b"%d" % n, made.objects.blob(b"%d" % n)) for n in range(9)]), made.base
    )
    assert made.described(head) == made.described(head)

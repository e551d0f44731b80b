"""`checks.facts` on the corpus: hostile changes made object by object, each beside a harmless neighbour.

The table is `corpus/corpus.yaml`. Every row must be described exactly; what policy says of it is tested beside.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.change import NewBlob
from checks.facts import describe
from checks.faults import CannotDescribe
from checks.git import Git
from checks.objects import contents
from decision.change import ChangeFacts, SecretFact
from decision.model import Allow
from decision.opa_binary import find_opa
from tests.checks.corpus.build import Builder
from tests.checks.corpus.policy import decide, question
from tests.checks.corpus.rows import Row, rows
from tests.checks.corpus.truth import commits_of, files_of, irregular_of, touched_of
from tests.checks.objects import bare_repository

ROWS = rows()
LEAST_ROWS = 200


class Corpus:
    """Every row, built; and described once, when somebody asks."""

    def __init__(self, folder: Path) -> None:
        self.shared = bare_repository(folder / "shared")
        self.built = {row.name: Builder(row).build(folder, self.shared) for row in ROWS}
        self._described: dict[str, ChangeFacts | CannotDescribe] = {}

    def described(self, name: str) -> ChangeFacts | CannotDescribe:
        """The facts of a row, or why there are none."""
        if name not in self._described:
            try:
                self._described[name] = describe(self.built[name].change, canaries)
            except CannotDescribe as fault:
                self._described[name] = fault
        return self._described[name]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The corpus, made once."""
    return Corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def opa() -> Path:
    """The OPA that this release is pinned to."""
    return find_opa(os.environ)


def canaries(git: Git, blobs: Sequence[NewBlob]) -> list[SecretFact]:
    """A scan that knows one secret."""
    held = {each.id for each in contents(git, [blob.id for blob in blobs]) if b"CANARY" in each.content}
    return [
        SecretFact(rule="canary", path=blob.path, commit=blob.commit, line=1)
        for blob in blobs
        if blob.id in held
    ]


def test_the_corpus_is_large_and_each_name_is_one() -> None:
    """At least 200 changes; a name that stands twice would hide a row."""
    counted = Counter(row.name for row in ROWS)
    assert [name for name, count in counted.items() if count > 1] == []
    assert len(ROWS) >= LEAST_ROWS


def test_every_hostile_row_has_a_harmless_neighbour() -> None:
    """A denial proves little unless the nearest harmless change passes."""
    harmless = {row.name for row in ROWS if not row.denied and not row.fault}
    hostile = [row for row in ROWS if row.denied or row.fault]
    assert [row.name for row in hostile if row.near not in harmless] == []


def test_git_sees_the_objects_that_were_made(corpus: Corpus) -> None:
    """Our objects are git's: it finds every commit under the id that we computed, as a commit."""
    shared = [built for built in corpus.built.values() if built.change.repository == corpus.shared]
    said = subprocess.run(
        ["git", "-C", corpus.shared, "cat-file", "--batch-check=%(objecttype)"],
        input="".join(f"{made.id}\n" for built in shared for made in built.steps),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(said.stdout.splitlines()) == {"commit"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.group}: {row.name}"[:80])
def test_a_change_is_described_exactly(row: Row, corpus: Corpus) -> None:
    """Commits, files, touched paths, irregular places and the row's own facts: what was built, no more and no less.

    Seen failing: without the rule on merges, base merged into a branch touches what only base changed; without the
    scan of folders that git finds changed, a control character in a name is not seen; without the parents' trees
    beside it, a bad name that base has denies every change beside it; without further merge bases, merges that cross
    take back a repair unseen.
    """
    built, facts = corpus.built[row.name], corpus.described(row.name)
    if isinstance(facts, CannotDescribe):
        assert facts.code == row.fault, facts
        return
    assert not row.fault
    assert {(fact.kind, fact.path) for fact in facts.irregular} == irregular_of(built)
    assert {commit.id for commit in facts.commits} == commits_of(built)
    files, touched = files_of(built), touched_of(built)
    if files is not None:
        assert {(file.change, file.path) for file in facts.files} == files
        assert facts.totals.files == len(files)
    if touched is not None:
        assert {(entry.mode, entry.path) for entry in facts.touched} == touched
    for path, value in row.facts.items():
        assert _at(facts, path) == value, path


def test_nothing_that_a_repository_names_was_run(corpus: Corpus) -> None:
    """Hooks, drivers, pagers and monitors of the repositories under check: each would leave a file `ran`."""
    names = [row.name for row in ROWS if row.group == "repositories"]
    places = [corpus.built[name].change.repository for name in names if corpus.described(name)]
    assert len(places) > 10
    assert [found for place in places for found in place.rglob("ran")] == []


def test_policy_denies_each_for_its_own_reason_and_allows_its_neighbour(corpus: Corpus, opa: Path) -> None:
    """Of the article's `pr-creator`, on the real OPA: hostile rows are denied with their codes, harmless are allowed."""
    described = {row.name: corpus.described(row.name) for row in ROWS}
    facts = {name: of for name, of in described.items() if isinstance(of, ChangeFacts)}
    decisions = decide(opa, [question(of) for of in facts.values()])
    wrong = {}
    for row, decision in zip((row for row in ROWS if row.name in facts), decisions, strict=True):
        codes = {reason.code for reason in decision.reasons}
        if isinstance(decision, Allow) != (not row.denied) or not codes >= set(row.denied):
            wrong[row.name] = sorted(codes)
    assert wrong == {}


def _at(facts: ChangeFacts, path: str) -> Any:
    found = msgspec.json.decode(msgspec.json.encode(facts))
    for part in path.split("."):
        found = found[int(part)] if part.isdecimal() else found[part]
    return found

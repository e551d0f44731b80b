"""`checks.store`: which repositories are read, and that nothing in them but objects has a say."""

from pathlib import Path

import pytest

from checks.change import Change, Update
from checks.facts import describe
from checks.faults import CannotDescribe, Code
from checks.store import opened, resolve
from decision.change import ChangeFacts
from tests.checks.objects import NO_ID
from tests.checks.repositories import Repository, repository


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    """A working folder with a branch `change` that is one commit ahead of `main`."""
    found = repository(tmp_path / "work", {"a.txt": "1\n"})
    found.git("checkout", "-qb", "change")
    found.commit({"b.txt": "2\n"})
    return found


def described(folder: Path, objects: Path | None = None) -> ChangeFacts:
    base, head = resolve(folder, "main"), resolve(folder, "change")
    change = Change(folder, objects, "main", base, (Update("refs/heads/change", NO_ID, head),))
    return describe(change, lambda _git, _blobs: ())


def test_a_working_folder_and_a_linked_one_are_read(made: Repository, tmp_path: Path) -> None:
    """A work tree, its `.git` and a linked work tree are the same repository."""
    made.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    expected = described(made.folder)
    assert [file.path for file in expected.files] == ["b.txt"]
    assert described(made.folder / ".git") == expected
    assert described(tmp_path / "linked") == expected


def test_a_packed_repository_is_read(made: Repository) -> None:
    """Objects in packs and refs in packed-refs are as good as loose ones, cached graphs and indexes or not."""
    expected = described(made.folder)
    made.git("pack-refs", "--all")
    made.git("-c", "core.multiPackIndex=true", "repack", "-qad", "--write-midx")
    made.git("commit-graph", "write", "--reachable")
    assert described(made.folder) == expected


def test_a_repository_of_the_other_hash_is_read(tmp_path: Path) -> None:
    """SHA-256 ids have 64 digits, and everything else is the same."""
    made = Repository(tmp_path)
    made.git("init", "-qb", "main", "--object-format=sha256")
    made.commit({"a.txt": "1\n"})
    made.git("checkout", "-qb", "change")
    made.commit({"b.txt": "2\n"})
    facts = described(tmp_path)
    assert len(facts.head) == 64
    assert [(file.path, file.lines) for file in facts.files] == [("b.txt", 1)]


def test_a_push_in_quarantine_is_read_beside_the_repository(made: Repository, tmp_path: Path) -> None:
    """Objects of a second folder count, and are not looked for once it is not named."""
    quarantine = tmp_path / "quarantine"
    bare = Repository(tmp_path / "bare.git")
    made.git("clone", "-q", "--bare", "--single-branch", "-b", "main", "--no-local", ".", str(bare.folder))
    head = made.git("rev-parse", "change")
    pack = made.git("rev-parse", "--git-path", "objects")
    (quarantine / "pack").mkdir(parents=True)
    for file in (made.folder / pack).glob("[0-9a-f][0-9a-f]/*"):
        (quarantine / file.parent.name).mkdir(exist_ok=True)
        (quarantine / file.parent.name / file.name).write_bytes(file.read_bytes())
    change = Change(
        bare.folder, quarantine, "main", bare.git("rev-parse", "main"), (Update("r", NO_ID, head),)
    )
    assert [file.path for file in describe(change, lambda _git, _blobs: ()).files] == ["b.txt"]
    with pytest.raises(CannotDescribe) as raised:
        describe(Change(bare.folder, None, "main", change.base, change.updates), lambda _git, _blobs: ())
    assert raised.value.code is Code.HEAD_MISSING


def test_borrowed_objects_are_not_read(made: Repository, tmp_path: Path) -> None:
    """A clone that borrows its objects does not have them; it is told, not followed."""
    made.git("clone", "-q", "--bare", "--shared", ".", str(tmp_path / "shared.git"))
    base = made.git("rev-parse", "main")
    with opened(tmp_path / "shared.git", None, base) as store:
        assert [fact.kind for fact in store.irregular] == ["alternates"]
        assert store.git.run("cat-file", "--batch-check", given=f"{base}\n".encode()).endswith(b" missing\n")


def test_what_is_no_repository_is_told(tmp_path: Path) -> None:
    """An empty folder, a file, a pointer to nowhere: one code, and the folder's name."""
    (tmp_path / "file").write_text("")
    (tmp_path / "pointer").mkdir()
    (tmp_path / "pointer" / ".git").write_text("gitdir: /nowhere\n")
    for name in ("", "gone", "file", "pointer"):
        with pytest.raises(CannotDescribe) as raised:
            described(tmp_path / name)
        assert raised.value.code is Code.NOT_A_REPOSITORY


def test_names_mean_commits_or_nothing(made: Repository) -> None:
    """Branches, ids and tags lead to commits; what leads to none is empty, and an option is no name."""
    made.git("tag", "-am", "v1", "v1", "main")
    main = made.git("rev-parse", "main")
    assert (
        resolve(made.folder, "main") == resolve(made.folder, "v1") == resolve(made.folder, main[:12]) == main
    )
    assert resolve(made.folder, "HEAD") == made.git("rev-parse", "change")
    for name in ("nothing", "main:a.txt", "--all", "main..change", ""):
        assert resolve(made.folder, name) == ""


def test_without_room_for_temporary_files_there_is_a_reason(
    made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or missing temporary folder is a code of its own, not a crash."""
    base, head = resolve(made.folder, "main"), resolve(made.folder, "change")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(CannotDescribe) as raised:
        describe(
            Change(made.folder, None, "main", base, (Update("r", NO_ID, head),)), lambda _git, _blobs: ()
        )
    assert raised.value.code is Code.NO_ROOM

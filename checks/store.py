"""A repository under check, reduced to its objects: git looks at them from a throwaway git folder of our own.

So nothing else that lies in the repository has a say: no configuration, hook, ref, replacement, graft, cut history,
attribute, cached graph or alternate. What of these is there is named.
"""

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.faults import CannotDescribe, Code, GitFailed
from checks.git import TIME_LIMIT_S, Git
from decision.change import IrregularFact, IrregularKind

_FOLDER_OF_OBJECTS = re.compile(r"pack|[0-9a-f]{2}")
_SHA256_LENGTH = 64
_SHA1_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_SHA256_CONFIG = (
    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
)
_LONGEST_POINTER = 4096


@dataclass(frozen=True, slots=True)
class Store:
    """The objects of one repository. `irregular`: what else lies there that could make git see something else."""

    git: Git
    irregular: tuple[IrregularFact, ...]

    @property
    def is_shallow(self) -> bool:
        """Whether the repository's history is cut off somewhere."""
        return any(fact.kind == "shallow" for fact in self.irregular)


@contextmanager
def opened(
    repository: Path, objects: Path | None, like: str, *, time_limit_s: float = TIME_LIMIT_S
) -> Iterator[Store]:
    """The objects of `repository` and of the folder `objects`, for at most `time_limit_s` seconds.

    like: any id of the repository; its length says which hash the repository uses. Raises `CannotDescribe`.
    """
    deadline = time.monotonic() + time_limit_s
    folder = git_folder(repository)
    with tempfile.TemporaryDirectory(prefix="doorless-checks-") as made:
        place = Path(made)
        _make(place, [folder / "objects", *([] if objects is None else [objects])], like)
        own = Git(folder, place / "home", deadline)
        yield Store(Git(place / "git", place / "home", deadline), tuple(_irregular(folder, own)))


def resolve(repository: Path, name: str, *, time_limit_s: float = TIME_LIMIT_S) -> str:
    """The id of the commit that `name` (a branch, a tag, HEAD, an id) means in a repository; "" where it means none.

    Raises `CannotDescribe`.
    """
    with tempfile.TemporaryDirectory(prefix="doorless-checks-") as made:
        git = Git(_own_folder(repository), Path(made), time.monotonic() + time_limit_s)
        try:
            said = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except GitFailed:
            return ""
    return said.decode("ascii").strip()


def git_folder(repository: Path) -> Path:
    """The folder that holds the objects and refs of a bare repository, a working folder or a linked work tree."""
    own = _own_folder(repository)
    shared = own / "commondir"
    folder = own / _read(shared) if shared.is_file() else own
    if not (folder / "objects").is_dir():
        raise CannotDescribe(Code.NOT_A_REPOSITORY, f"{repository} is not a git repository.")
    return folder.resolve()


def _own_folder(repository: Path) -> Path:
    if (repository / "HEAD").is_file() and (repository / "objects").is_dir():
        return repository.resolve()
    pointer = repository / ".git"
    if pointer.is_dir():
        return pointer.resolve()
    if pointer.is_file() and (named := _read(pointer)).startswith("gitdir: "):
        return (repository / named.removeprefix("gitdir: ")).resolve()
    raise CannotDescribe(Code.NOT_A_REPOSITORY, f"{repository} is not a git repository.")


def _read(file: Path) -> str:
    with file.open(encoding="utf-8", errors="surrogateescape") as opened_file:
        return opened_file.read(_LONGEST_POINTER).rstrip("\n")


def _make(place: Path, sources: Sequence[Path], like: str) -> None:
    """A git folder without anything of its own, and a copy of each object folder in links, without its `info`."""
    (place / "home").mkdir()
    git = place / "git"
    for name in ("refs", "objects/info"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    config = _SHA256_CONFIG if len(like) == _SHA256_LENGTH else _SHA1_CONFIG
    (git / "config").write_text(config, encoding="ascii")
    shadows = [place / f"objects-{number}" for number in range(len(sources))]
    for shadow, source in zip(shadows, sources, strict=True):
        _link(shadow, source)
    alternates = "".join(f"{shadow}\n" for shadow in shadows)
    (git / "objects/info/alternates").write_text(alternates, encoding="utf-8")


def _link(shadow: Path, source: Path) -> None:
    shadow.mkdir()
    try:
        for child in source.iterdir():
            if _FOLDER_OF_OBJECTS.fullmatch(child.name):
                (shadow / child.name).symlink_to(child.absolute())
    except OSError as error:
        raise CannotDescribe(Code.NOT_A_REPOSITORY, f"{source} cannot be read: {error.strerror}.") from None


def _irregular(folder: Path, own: Git) -> Iterator[IrregularFact]:
    """What could make git see other objects than those that are asked for."""
    files: tuple[tuple[IrregularKind, str, str], ...] = (
        ("alternates", "objects/info/alternates", "the repository borrows objects; they were not read"),
        ("graft", "info/grafts", "the repository gives commits other parents; they were not believed"),
        ("shallow", "shallow", "the repository's history is cut off"),
    )
    for kind, name, why in files:
        if (folder / name).is_file() and (folder / name).stat().st_size:
            yield IrregularFact(kind=kind, path="", detail=why)
    if not _may_replace(folder):
        return
    try:
        replaced = own.run("for-each-ref", "--format=%(refname)", "refs/replace/")
    except GitFailed as failure:
        raise CannotDescribe(Code.NOT_A_REPOSITORY, f"{folder}: {failure.said}") from None
    for name in replaced.decode("utf-8", "backslashreplace").splitlines():
        yield IrregularFact(kind="replace_ref", path=name, detail="the repository replaces an object")


def _may_replace(folder: Path) -> bool:
    """Whether git must be asked for replace refs: there are loose ones, packed ones, or refs of a newer kind."""
    if (folder / "refs/replace").exists() or (folder / "reftable").exists():
        return True
    packed = folder / "packed-refs"
    return packed.is_file() and b" refs/replace/" in packed.read_bytes()

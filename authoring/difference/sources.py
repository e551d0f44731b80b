"""Two policies to be compared, as folders: one that somebody names, or a revision whose bundle is kept.

A kept bundle is laid out as the folder that it was built from, without its tests. Nothing is changed anywhere.
"""

import asyncio
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from authoring.difference.difference import Difference, exact, in_order
from authoring.difference.questions import MOST, questions
from authoring.difference.search import search
from authoring.difference.terms import terms
from authoring.difference.words import words_between
from decision.bundle import digest, read_tree
from decision.config import APPROVALS_FILE, PROTECTED_FILE, ROLES_FILE, SERVICES_FILE, load_policies

_CONFIGURATION: Final = (ROLES_FILE, SERVICES_FILE, PROTECTED_FILE, APPROVALS_FILE)
_REVISION = re.compile(r"[0-9a-f]{6,64}")
_MOST_BYTES: Final = 1 << 26


class NoSuchPolicies(Exception):
    """Neither a folder nor a kept revision; the text says what was looked for."""


@contextmanager
def folder_of(name: str, bundles: Path | None) -> Iterator[Path]:
    """The folder that `name` means: a path, or the beginning of a revision kept in `bundles`. Raises `NoSuchPolicies`."""
    if Path(name).is_dir():
        yield Path(name).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="doorless-revision-") as made:
        folder = Path(made, "policies")
        bundle = _kept(name, bundles)
        try:
            _lay_out(bundle, folder)
        except (OSError, tarfile.TarError, EOFError, zlib.error, msgspec.DecodeError) as error:
            raise NoSuchPolicies(f"the bundle {bundle.name} cannot be read: {error}") from None
        yield folder


async def difference_between(old: Path, new: Path, opa: Path, most: int = MOST) -> Difference:
    """What the policies in two folders let through that the other does not.

    The terms of the files are compared exactly. Where the Rego differs, both are asked under the configuration of
    `new`, so that what is found is the rules' doing. Raises `ConfigErrors`, `EngineLost`.
    """
    before, after = [await asyncio.to_thread(read_tree, each) for each in (old, new)]
    first, second = [await asyncio.to_thread(load_policies, each) for each in (old, new)]
    lines = exact(terms(first), terms(second))
    names = (digest(before), digest(after))
    if _rules(before) == _rules(after):
        return Difference(*names, lines, None)
    with tempfile.TemporaryDirectory(prefix="doorless-rules-") as made:
        staged = Path(made, "policies")
        _stage(staged, {**_rules(before), **second.sources})
        words = words_between(_rules(before), _rules(after))
        asked = await asyncio.to_thread(questions, second, words, most)
        found, searched = await search(opa, staged, new, asked)
    return Difference(*names, tuple(in_order((*lines, *found))), searched)


def _rules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """All that is served but the configuration."""
    return {name: content for name, content in files.items() if name not in _CONFIGURATION}


def _stage(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _kept(name: str, bundles: Path | None) -> Path:
    """The bundle of the one revision that begins so."""
    if bundles is None or not _REVISION.fullmatch(name):
        raise NoSuchPolicies(f"{name} is no folder")
    found = sorted(bundles.glob(f"{name}*.tar.gz"))
    if len(found) != 1:
        many = "several revisions begin" if found else "no revision that is kept begins"
        raise NoSuchPolicies(f"{many} with {name}")
    return found[0]


def _lay_out(bundle: Path, folder: Path) -> None:
    revision = bundle.name.removesuffix(".tar.gz")
    folder.mkdir()
    with tarfile.open(bundle) as archive:
        for member in archive:
            name = member.name.lstrip("/")
            content = archive.extractfile(member)
            if content is None or ".." in PurePosixPath(name).parts or member.size > _MOST_BYTES:
                continue
            if name.endswith(".rego"):
                _stage(folder, {name: content.read()})
            elif name == "data.json":
                _stage(folder, _own_data(content.read()))
    for name in _CONFIGURATION:
        source = bundle.with_name(f"{revision}.{name}")
        if source.is_file():
            shutil.copyfile(source, folder / name)


def _own_data(content: bytes) -> dict[str, bytes]:
    """The data files that were there: OPA keeps all of them in one, with the tables that were compiled into it."""
    every = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    return {f"{name}/data.json": bytes(value) for name, value in every.items() if name != "compiled"}

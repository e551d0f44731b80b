"""The two sides of a change as files for a tool that reads files: `base/…` and `head/…` in one folder.

A path that a file system, a command line or an ignore file could take for something else is stored under a neutral
name; whoever asks gets back the path that git has. Nothing outside of the folder is ever written.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

Side = Literal["base", "head"]

_PLAIN = re.compile(r"[A-Za-z0-9_@+=,~. ()\[\]-]{1,200}")
_LONGEST = 800
_SUFFIX = re.compile(r"\.[A-Za-z0-9_]{1,16}")


@dataclass(frozen=True, slots=True)
class SideFile:
    """One file of one side: the path that git has, and its bytes."""

    side: Side
    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """The files as they were written, by the name that a tool is given, relative to the folder."""

    files: Mapping[str, SideFile]


def store(folder: Path, files: Iterable[SideFile]) -> Stored:
    """Write the files below `folder`, which is empty, and return them by name. Raises OSError."""
    stored: dict[str, SideFile] = {}
    for number, file in enumerate(files):
        name = f"{file.side}/{_name(file.path, number)}"
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as out:
            out.write(file.content)
        place.chmod(0o755)  # else semgrep asks no file for the interpreter that its first line names
        stored[name] = file
    return Stored(stored)


def _name(path: str, number: int) -> str:
    if _is_plain(path):
        return path
    suffix = PurePosixPath(path).suffix
    return f"-renamed-/{number}{suffix if _SUFFIX.fullmatch(suffix) else ''}"


def _is_plain(path: str) -> bool:
    # No part may begin with a dash (an option) or a dot (ignore files, .git, ..), nor end in a blank.
    return len(path) <= _LONGEST and all(
        _PLAIN.fullmatch(part) and part[0] not in "-. " and part[-1] not in ". " for part in path.split("/")
    )

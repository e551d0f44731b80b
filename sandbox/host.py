"""Facts about this machine that a room is built from.

Reads the file system and the user database, decides nothing. Promises that every path it returns exists now.
"""

import os
import pwd
import shutil
import stat
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sandbox.binary import SandboxUnavailable, find_bwrap
from sandbox.room import Host

_USR_NAMES = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
# ld.so.cache: Python images link libpython from /usr/local/lib. alternatives: Debian's awk is a link through it.
_PUBLIC_FILES = ("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ld.so.cache", "/etc/alternatives")


def gather_host() -> Host:
    """Return the facts for rooms of this process. Raises SandboxUnavailable when a needed program is missing."""
    links, folders = _system_tree()
    return Host(
        uid=os.geteuid(),
        gid=os.getegid(),
        bwrap=find_bwrap(),
        setpriv=_setpriv(),
        python=os.path.realpath(sys.executable),
        inside=str(Path(__file__).resolve().with_name("inside.py")),
        prefixes=_python_prefixes(),
        system_folders=folders,
        system_links=links,
        public_files=tuple(PurePosixPath(name) for name in _PUBLIC_FILES if Path(name).exists()),
        homes=_homes(),
    )


def _system_tree() -> tuple[tuple[tuple[str, str], ...], tuple[PurePosixPath, ...]]:
    links: list[tuple[str, str]] = []
    folders = [PurePosixPath("/usr")]
    for name in _USR_NAMES:
        path = Path("/", name)
        if path.is_symlink():
            links.append((str(path.readlink()), str(path)))
        elif path.is_dir():
            folders.append(PurePosixPath(path))
    return tuple(links), tuple(folders)


def _python_prefixes() -> tuple[PurePosixPath, ...]:
    # The environment first: its bin leads the PATH. uv links versioned folders, so both spellings are shown.
    given = (sys.prefix, sys.base_prefix, os.path.realpath(sys.executable).rsplit("/bin/", 1)[0])
    spellings = [spelling for path in given for spelling in (path, os.path.realpath(path))]
    return tuple(map(PurePosixPath, dict.fromkeys(spellings)))


def _homes() -> tuple[PurePosixPath, ...]:
    # Service accounts name system folders (/usr/sbin, /bin, /var/lib/...) as homes; those are judged by other rules.
    people = [entry.pw_dir for entry in pwd.getpwall() if entry.pw_uid == 0 or entry.pw_uid >= 1000]  # noqa: PLR2004
    candidates = [*people, os.environ.get("HOME", "")]
    real = [os.path.realpath(home) for home in candidates if home.startswith("/")]
    return tuple(PurePosixPath(home) for home in dict.fromkeys(real) if Path(home).is_dir())


def _setpriv() -> str:
    found = shutil.which("setpriv", path="/usr/bin:/bin")
    if found is None:
        raise SandboxUnavailable("the program setpriv is missing", "install the package util-linux")
    return found


def with_environment(host: Host, virtual_environment: Path | None) -> Host:
    """The host with a virtual environment, and the Python that it was made of, to show first."""
    if virtual_environment is None:
        return host
    interpreter = os.path.realpath(virtual_environment / "bin" / "python")
    own = (str(virtual_environment), interpreter.rpartition("/bin/")[0])
    added = [PurePosixPath(folder) for folder in own if folder not in {"", "/", "/usr"}]
    return replace(host, prefixes=tuple(dict.fromkeys((*added, *host.prefixes))))


def find_door(folder: Path) -> Path | None:
    """The first socket, pipe or device below `folder`, or nothing; links are not followed.

    A read-only bind stops neither connecting to a socket nor writing to a pipe: shown to an agent, either would be a
    way out. One that is made later is not seen here.
    """
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            try:
                mode = path.lstat().st_mode
            except OSError:
                continue
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                return path
    return None

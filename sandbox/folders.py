"""Which host folders a room may show: pure checks on absolute, already resolved paths.

A folder is refused when showing it would show more than an agent's program: a system tree, a home, a secret.
Nothing here touches the file system; whoever calls resolves symbolic links first.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

_ROOT = PurePosixPath("/")
# Trees that hold other programs' sockets, devices, settings or state: nothing in them is an agent's program.
_CLOSED_TREES = tuple(map(PurePosixPath, ("/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/boot")))
# Shared places: a folder in them is fine, the whole place is not.
_SHARED_PLACES = tuple(
    map(PurePosixPath, ("/tmp", "/var", "/var/tmp", "/home", "/usr", "/opt", "/srv", "/mnt", "/media"))  # noqa: S108
)


class RoomRefused(Exception):
    """A room that must not be built; the text names the cause and is meant for the person who asked."""


def is_within(path: PurePosixPath, folder: PurePosixPath) -> bool:
    """Whether `path` is `folder` or lies below it."""
    return path == folder or folder in path.parents


def check_agent_folder(
    folder: PurePosixPath, homes: Iterable[PurePosixPath], forbidden: Iterable[PurePosixPath]
) -> None:
    """Refuse an agent folder that is a shared place, a home, or touches a forbidden path. Raises RoomRefused."""
    check_exposed_folder(folder, homes, forbidden)
    remedy = "give the agent a folder that holds its program and nothing else"
    for tree in _CLOSED_TREES:
        if is_within(folder, tree):
            raise RoomRefused(f"the agent's folder {folder} lies in {tree}: {remedy}")
    for place in _SHARED_PLACES:
        if is_within(place, folder):
            raise RoomRefused(f"the agent's folder {folder} holds the whole of {place}: {remedy}")
    for secret in forbidden:
        if is_within(folder, secret):
            raise RoomRefused(f"the agent's folder {folder} lies inside {secret}: {remedy}")


def check_exposed_folder(
    folder: PurePosixPath, homes: Iterable[PurePosixPath], forbidden: Iterable[PurePosixPath]
) -> None:
    """Refuse any folder that holds a home or a forbidden path, or is not a plain absolute path. Raises RoomRefused."""
    if not folder.is_absolute() or ".." in folder.parts or "\0" in str(folder):
        raise RoomRefused(f"{str(folder)!r} is not an absolute, resolved path")
    if folder == _ROOT:
        raise RoomRefused("the whole file system cannot be shown to an agent")
    for home in homes:
        if home != _ROOT and is_within(home, folder):
            raise RoomRefused(f"{folder} holds the home directory {home}, which no agent may see")
    for secret in forbidden:
        if is_within(secret, folder):
            raise RoomRefused(f"{folder} holds {secret}, which no agent may see")

"""The command that gives the proof a world of its own: network, mounts, processes, names; pure.

Everything of the world ends with the process that began it, whatever was left running in there.
"""

from typing import Final

_SHARED: Final = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child")
_ORDINARY: Final = ("--user", "--map-current-user", "--keep-caps")


def world_argv(setpriv: str, unshare: str, uid: int, program: tuple[str, ...]) -> tuple[str, ...]:
    """Run `program` in namespaces of its own. An ordinary user keeps the own uid, and rules the new network only."""
    own = () if uid == 0 else _ORDINARY
    return (setpriv, "--pdeathsig", "KILL", unshare, *own, *_SHARED, "--", *program)

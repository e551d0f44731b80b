import socket

import pytest

from proof.namespace import world_argv
from proof.network_interfaces import NotAlone, populate_loopback

PROGRAM = ("python", "-m", "proof")


def test_a_world_has_namespaces_of_its_own_and_ends_with_its_starter() -> None:
    """Network, mounts, names, IPC and processes are its own; it dies with us. Without --net a probe met the real network."""
    argv = world_argv("setpriv", "unshare", 0, PROGRAM)
    assert argv[:4] == ("setpriv", "--pdeathsig", "KILL", "unshare")
    assert {"--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"} <= set(argv)
    assert "--user" not in argv
    assert argv[-4:] == ("--", *PROGRAM)


def test_an_ordinary_user_keeps_the_own_uid() -> None:
    """A user namespace makes the world possible, and nobody looks like root in it. With --map-root-user the gateway tried chown."""
    argv = world_argv("setpriv", "unshare", 1000, PROGRAM)
    assert {"--user", "--map-current-user", "--keep-caps"} <= set(argv)
    assert "--map-root-user" not in argv


def test_a_network_with_company_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside lo nothing may exist, or nothing is tried at all. Without the check the canaries' addresses were given to lo."""
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    with pytest.raises(NotAlone, match="eth0"):
        populate_loopback(["169.254.169.254"])

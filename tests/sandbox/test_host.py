"""Facts about this machine."""

import os
import socket
import sys
from pathlib import Path, PurePosixPath

from sandbox.host import find_door, gather_host


def test_every_path_exists() -> None:
    """What a room would bind is there."""
    host = gather_host()
    paths = [*host.prefixes, *host.system_folders, *host.public_files, *host.homes]
    assert all(Path(path).exists() for path in paths)
    assert all(os.access(program, os.X_OK) for program in (host.bwrap, host.setpriv, host.python))
    assert Path(host.inside).name == "inside.py"


def test_python_is_found_in_its_prefixes() -> None:
    """The environment leads, and the interpreter behind it lies in a folder that the room shows."""
    host = gather_host()
    assert host.prefixes[0] == PurePosixPath(sys.prefix)
    assert any(prefix in PurePosixPath(host.python).parents for prefix in host.prefixes)


def test_this_persons_home_is_known() -> None:
    """The home of whoever runs this is among those that no agent may see."""
    assert PurePosixPath(Path("~").expanduser().resolve()) in gather_host().homes


def test_a_socket_or_a_pipe_in_a_folder_is_a_door(tmp_path: Path) -> None:
    """The first socket or pipe below a folder is found, at any depth; files, folders and links are none."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert find_door(tmp_path) is None
    os.mkfifo(tmp_path / "deep" / "er" / "pipe")
    assert find_door(tmp_path) == tmp_path / "deep" / "er" / "pipe"
    (tmp_path / "deep" / "er" / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert find_door(tmp_path) == tmp_path / "s"

"""Facts about this machine."""

import os
import sys
from pathlib import Path, PurePosixPath

from sandbox.host import gather_host


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

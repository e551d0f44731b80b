"""A second person of this machine, in a home as an operator runs it: from one line of doorless.yaml to their own command."""

import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.doorless.conftest import ROOT, Place

SECOND = pwd.getpwnam("daemon")


def test_a_line_of_the_configuration_gives_a_second_person_their_list(place: Place) -> None:
    """Another user with no way into the home asks at the approvers' socket, and is answered; the home's own says no."""
    folder = Path(tempfile.mkdtemp(prefix="dl-"))
    os.chown(folder, -1, SECOND.pw_gid)
    folder.chmod(0o750)
    socket = folder / "approve.sock"
    with (place.home / "doorless.yaml").open("a", encoding="utf-8") as written:
        written.write(f"approvals_socket: {{ path: {socket}, group: {_group()} }}\n")
    approvers = place.home / "policies" / "approvals.yaml"
    approvers.write_text(
        f"templates: {{irreversible: {{approvers: [{SECOND.pw_name}]}}}}\n", encoding="utf-8"
    )
    stack = place.up()
    try:
        told = _as_second("list", "--socket", str(socket))
        assert (told.returncode, told.stdout) == (0, "Nothing waits for a person.\n"), told.stderr
        assert _as_second("list", "--socket", str(place.home / "run" / "gateway.sock")).returncode == 3
    finally:
        assert stack.end() == 0
        left_behind = socket.exists()
        shutil.rmtree(folder)
    assert not left_behind


def _as_second(*words: str) -> "subprocess.CompletedProcess[str]":
    drop = ["setpriv", f"--reuid={SECOND.pw_uid}", f"--regid={SECOND.pw_gid}", "--clear-groups", "--"]
    command = [*drop, sys.executable, "-m", "doorless", "approvals", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)


def _group() -> str:
    return grp.getgrgid(SECOND.pw_gid).gr_name

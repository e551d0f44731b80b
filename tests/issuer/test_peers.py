"""Who may speak to the issuer's control socket."""

import os
import subprocess
import sys

from tests.issuer.home import Home

NOBODY = 65534

_CALLER = """
import os, socket, sys
uid = int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
caller = socket.socket(socket.AF_UNIX)
caller.settimeout(10)
try:
    caller.connect(sys.argv[1])
    caller.sendall(b"GET /workflows HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(caller.recv(12).decode())
except (BrokenPipeError, ConnectionResetError):
    print()
"""


def test_another_user_is_cut_off_even_if_the_file_lets_it_in(own_home: Home) -> None:
    """With the modes opened by mistake, another user's process gets not one byte, and our own is answered.

    Only root can become somebody else; an ordinary user sees the second half.
    """
    own_home.folder.chmod(0o755)
    own_home.control_socket.chmod(0o666)
    us = os.geteuid()
    for uid in {NOBODY if us == 0 else us, us}:
        argv = [sys.executable, "-c", _CALLER, str(own_home.control_socket), str(uid)]
        asked = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert asked.stdout.strip() == ("HTTP/1.1 200" if uid == us else "")

"""The pre-receive hook of a quarantine: it holds nothing and decides nothing (githooks(5)).

Standard library only. Passes what git tells it to the gateway over a socket that it inherited, prints what the
gateway says, and ends as the gateway says; without a word from there it refuses.
"""

import json
import os
import socket
import sys

GATE = "DOORLESS_GATE"
"""Names the descriptor of the socket."""
LONGEST = 1 << 20
"""Bytes of ref lines that are passed on; a push of more refs is refused there, unread."""
REFUSED = 1


def main() -> int:
    """Ask, print, end."""
    gate = socket.socket(fileno=os.dup(int(os.environ[GATE])))
    lines = sys.stdin.buffer.read(LONGEST)
    asked = {
        "objects": os.environ.get("GIT_OBJECT_DIRECTORY", ""),
        "updates": lines.decode("utf-8", "surrogateescape").splitlines(),
        "whole": len(lines) < LONGEST,
    }
    gate.sendall(json.dumps(asked).encode() + b"\n")
    for line in gate.makefile("rb"):
        said = json.loads(line)
        if "exit" in said:
            return int(said["exit"])
        sys.stdout.write(said["say"].rstrip("\n") + "\n")
        sys.stdout.flush()
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())

"""An agent that tries what must fail, from inside the sandbox, and tells each result as one line of JSON.

Standard library only. It is given the upstream's address to try, and no secret to look for: only their shapes.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import sys
from pathlib import Path

SHAPES = re.compile(
    rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"  # a JWT
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|canary-[0-9a-f]{16}"  # the secrets of the demo's home begin so
)
PLACES = ("/agent", "/work", "/tmp", "/run", "/etc", "/home", "/root", "/var", "/opt", "/srv", "/proc")
# The interpreter and its libraries are public code, and some of it ships keys for its own tests.
PUBLIC = {Path(sys.prefix), Path(sys.base_prefix)}
READ_LIMIT = 1 << 20


def say(name: str, **facts: object) -> None:
    """One result, as one line."""
    print(json.dumps({"name": name, **facts}), flush=True)


def call(name: str, method: str, target: str, headers: dict[str, str] | None = None) -> None:
    """One request through the proxy."""
    connection = http.client.HTTPConnection(os.environ["DOORLESS_URL"].removeprefix("http://"), timeout=10)
    connection.request(method, target, b"{}" if method == "POST" else None, headers or {})
    answer = connection.getresponse()
    answer.read()
    say(name, status=answer.status, decision=answer.getheader("x-doorless-decision"))
    connection.close()


def dial(name: str, host: str, port: int) -> None:
    """A direct connection, around the proxy."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        say(name, reached=False, why=error.strerror or str(error))
    else:
        say(name, reached=True, why="")


def search(name: str, places: tuple[str, ...]) -> None:
    """Everything that can be read here, for anything that looks like a credential."""
    found: list[str] = []
    count = size = 0
    for place, content in [("environment", b"\n".join(b"=".join(pair) for pair in os.environb.items()))]:
        size += len(content)
        found += [place] * bool(SHAPES.search(content))
    for path in (path for place in places for path in walk(Path(place))):
        with contextlib.suppress(OSError), path.open("rb", buffering=0) as file:
            content = file.read(READ_LIMIT) or b""
            count += 1
            size += len(content)
            # This program spells the shapes out; its own text is no find.
            found += [str(path)] * bool(SHAPES.search(content) and path.name != Path(__file__).name)
    say(name, found=found, files=count, bytes=size)


def walk(top: Path) -> list[Path]:
    """Every regular file below, links not followed; of /proc what each process shows of itself."""
    if top == Path("/proc"):
        return [
            process / name
            for process in top.glob("[0-9]*")
            for name in ("environ", "cmdline", "status", "maps", "mountinfo")
        ]
    files: list[Path] = []
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if Path(folder) / name not in PUBLIC]
        files += [path for name in names if (path := Path(folder) / name).is_file() and not path.is_symlink()]
    return files


def main() -> None:
    """Try everything, in the order in which the story tells it."""
    if sys.argv[1] == "search":
        return search("search", tuple(sys.argv[2:]))
    upstream_host, upstream_port = sys.argv[1].rsplit(":", 1)
    report = sys.argv[2]
    call("read", "GET", "/crash-reporting/reports?limit=3")
    call("write", "POST", f"/crash-reporting/reports/{report}/status")
    call("other-service", "GET", "/telemetry/query?q=x")
    call("other-data", "GET", f"/crash-reporting/reports/{report}/reporter")
    call("no-route", "GET", "/crash-reporting/internal/metrics")
    call(
        "own-header",
        "GET",
        "/crash-reporting/reports?limit=4",
        {"Authorization": "Bearer forged-by-the-agent"},
    )
    dial("direct", upstream_host, int(upstream_port))
    dial("metadata", "169.254.169.254", 80)
    search("search", PLACES)
    return None


if __name__ == "__main__":
    main()

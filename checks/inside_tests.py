"""The first program of a test room: copies the tree to where it may be written, runs the command, says what came of it.

Standard library only, never imported by us: it is copied into the room and run there (`python -I -S`). The command's
own output goes into a pipe that ends here, so nothing that the tested code prints can look like this program's answer.
"""

import base64
import ctypes
import json
import os
import resource
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

PR_SET_DUMPABLE = 4  # prctl(2)
BEGIN, END = "doorless-tests-begin ", " doorless-tests-end"
TREE, WORK = "/agent/tree", "/work"
REPORT = "{report}"
TAIL_BYTES = 16_384
REPORT_BYTES = 32 * 2**20
GRACE_S = 2.0


def main(arguments: list[str]) -> int:
    """Run the command; arguments: seconds, then the command's words."""
    # The tested code has our uid: without this it could write into our standard output through /proc.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    seconds, command = float(arguments[0]), arguments[1:]
    place = tempfile.mkdtemp(prefix="report-", dir=WORK)
    report = f"{place}/junit.xml"
    tree = shutil.copytree(TREE, f"{WORK}/tree", symlinks=True)
    answer = run([word.replace(REPORT, report) for word in command], tree, seconds)
    answer["report"] = read(report)
    packed = base64.b64encode(zlib.compress(json.dumps(answer).encode(), 6)).decode("ascii")
    print(f"{BEGIN}{packed}{END}", flush=True)
    return 0


def run(command: list[str], tree: str, seconds: float) -> dict[str, object]:
    """Run the command to its end or its deadline; its exit code, how it ended, the end of what it said."""
    try:
        process = subprocess.Popen(
            command,
            cwd=tree,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as reason:
        return {"how": "not_started", "code": 127, "said": f"{command[0]}: {reason.strerror}"}
    said, late = follow(process, time.monotonic() + seconds)
    if late:
        os.killpg(process.pid, 9)
    code = process.wait()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "how": "timed_out" if late else "ended",
        "code": code,
        "said": said.decode("utf-8", "backslashreplace"),
        "peak_kb": usage.ru_maxrss,
    }


def follow(process: "subprocess.Popen[bytes]", deadline: float) -> tuple[bytes, bool]:
    """Read what the command says until it ended; the end of it, and whether the deadline came first."""
    assert process.stdout is not None
    tail, ended_at = bytearray(), 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if selector.select(0.1):
                chunk = os.read(process.stdout.fileno(), 65_536)
                if not chunk:
                    selector.unregister(process.stdout)
                    break
                tail = (tail + chunk)[-TAIL_BYTES:]
            if process.poll() is not None:
                # A child that it left behind may hold the pipe open for ever.
                ended_at = ended_at or time.monotonic()
                if time.monotonic() - ended_at > GRACE_S:
                    break
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return bytes(tail), process.poll() is None


def read(report: str) -> str:
    """The report as text; empty where there is none that can be read."""
    try:
        number = os.open(report, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            return base64.b64encode(file.read(REPORT_BYTES + 1)).decode("ascii")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

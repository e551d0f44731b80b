"""Attempts to take more than one's share. What was taken is held for a while, so that neighbours can be looked at.

Standard library only.
"""

import contextlib
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path


def processes(count: str, hold: str) -> str:
    """More processes than allowed, all alive at once."""
    children: list[int] = []
    try:
        for _ in range(int(count)):
            child = os.fork()
            if not child:
                time.sleep(600)
                os._exit(0)
            children.append(child)
    finally:
        time.sleep(float(hold))
        for child in children:
            os.kill(child, signal.SIGKILL)
    return f"{len(children)} at once"


def descriptors(count: str, hold: str) -> str:
    """More open files than allowed, where our own soft limit can be raised."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held: list[int] = []
    try:
        while len(held) < int(count):
            held.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        time.sleep(float(hold))
        for number in held:
            os.close(number)
    return f"{len(held)} at once"


def memory(size: str, hold: str) -> str:
    """More memory than allowed."""
    held: list[bytearray] = []
    try:
        while sum(map(len, held)) < int(size):
            held.append(bytearray(1 << 20))
    except MemoryError:
        raise OSError(12, "no memory is given") from None
    finally:
        time.sleep(float(hold))
    return f"{len(held)} MiB"


def disk(folder: str, size: str, hold: str) -> str:
    """More disk than allowed."""
    place = Path(folder, f"fill-{os.getpid()}")
    written = 0
    try:
        with place.open("wb", buffering=0) as file:
            while written < int(size):
                written += file.write(bytes(65536))
    finally:
        time.sleep(float(hold))
        place.unlink()
    return f"{written} bytes"


def stay(seconds: str) -> str:
    """Go on for longer than allowed."""
    time.sleep(float(seconds))
    return f"{seconds} s"


def flood(size: str) -> list[str]:
    """Print more than allowed, and what a terminal would obey."""
    sys.stdout.write("\x1b]0;taken\x07" + "x" * int(size) + "\n")
    sys.stdout.flush()
    return []


def hold_connections(address: str, count: str, mark: str, hold: str) -> list[str]:
    """As many connections as a listener takes, each with half a request, held for a while."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for _ in range(int(count)):
        with contextlib.suppress(OSError):
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(0.05)
            peer.connect(address)
            peer.sendall(f"GET /{mark} HTTP/1.1\r\nhost".encode())
            held.append(peer)
    time.sleep(float(hold))
    return [f"{len(held)} connections"]

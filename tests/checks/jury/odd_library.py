"""A client library for tests of a juror's room: what it does is in the question."""

import os
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

asked = 0


class OpenAI:
    """As the vendor's client looks to the juror's program."""

    def __init__(self, **_: Any) -> None:
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=create))


class Stream(list[Any]):
    """The events of an answer."""

    def __enter__(self) -> Self:
        """It is its own context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


def create(messages: list[dict[str, str]], **_: Any) -> Stream:
    """Do what the question says, and answer."""
    global asked  # noqa: PLW0603 - that it lives from one question to the next is what is asked for
    asked += 1
    words = messages[-1]["content"].split()
    return said(globals()[words[0]](*words[1:]))


def said(text: str) -> Stream:
    """One event with all of it."""
    usage = SimpleNamespace(prompt_tokens=1, completion_tokens=2)
    delta = SimpleNamespace(refusal=None, content=text)
    return Stream(
        [SimpleNamespace(usage=usage, choices=[SimpleNamespace(finish_reason="stop", delta=delta)])]
    )


def count() -> str:
    """How often this process was asked, and which it is."""
    return f"{asked} {os.getpid()}"


def length(text: str) -> str:
    """How long a long question is."""
    return str(len(text))


def hang() -> str:
    """Never answer."""
    time.sleep(3600)
    return ""


def die() -> str:
    """End the whole process."""
    os._exit(3)


def chatter() -> str:
    """Say what nobody asked for, under other questions' numbers and under none."""
    print("{}\n[]\nnot json\n" + '{"number": 9, "text": "later"}\n{"number": 0, "text": "never"}')
    print("stderr", file=sys.stderr)
    return "mine"


def ring() -> str:
    """Fill the pipe that questions are announced by, as far as one may."""
    try:
        bell = os.open("/agent/bell", os.O_WRONLY | os.O_NONBLOCK)
        while True:
            os.write(bell, b"x" * 4096)
    except OSError as error:
        return type(error).__name__


def look() -> str:
    """What there is to be seen, whether anything can be reached or changed, and what other users could read."""
    tried = []
    for place in ("/agent/juror.py", "/agent/more"):
        try:
            Path(place).write_text("mine")
            tried.append(f"wrote {place}")
        except OSError:
            tried.append("no")
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
        tried.append("a network")
    except OSError:
        tried.append("no")
    names = sorted(name for name in os.environ if "CANARY" in name)
    open_to_all = [
        path.name for path in (Path("/agent"), *Path("/agent").iterdir()) if path.stat().st_mode & 0o007
    ]
    shown = [path.name for folder in ("/agent", "/run/doorless") for path in sorted(Path(folder).iterdir())]
    return " ".join((*tried, *names, *open_to_all, *shown))

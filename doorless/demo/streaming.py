"""An agent that asks over and over, as the story sees it: its answers one by one."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from doorless.demo.waiting import PATIENCE_S, NeverCame


class Stream:
    """The answers of a streaming agent, as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.seen: list[dict[str, Any]] = []

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read answers up to the first one that is wanted. Raises `NeverCame`."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if wanted(answer := self._next()):
                return answer
        raise NeverCame("the stream of requests never showed it")

    def read(self, count: int) -> None:
        """Read so many further answers. Raises `NeverCame`."""
        for _ in range(count):
            self._next()

    def _next(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NeverCame("the stream of requests ended")
        answer: dict[str, Any] = json.loads(line)
        self.seen.append(answer)
        return answer

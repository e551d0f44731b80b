"""Changes of code: the facts of one with 1,000 files, and what policy takes to decide on it.

The change is made anew in a folder of its own. What an asker waits is counted, git's own processes included.
"""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import ROOT
from bench.settings import Effort
from bench.targets import figure
from checks.change import Change, Update
from checks.facts import describe
from decision.bundle import build_bundle
from decision.change import ChangeFacts, Person
from decision.model import Allow
from decision.opa_binary import find_opa
from decision.opa_child import start_child
from decision.question import ChangeQuestion
from decision.socket_decider import SocketDecider

FILES = 1000
_TRIES = 5
_NO_COMMIT = "0" * 40
_AGENT = "Agent <agent@example.org> 1700000000 +0000"


async def measure_changes(folder: Path, effort: Effort) -> Section:
    """Describe the change, then ask about it, on whatever cores this process is on."""
    change, policies = _make(folder)
    took: list[float] = []
    for _ in range(effort.rounds * _TRIES):
        began = time.monotonic()
        facts = describe(change, lambda _git, _blobs: ())
        took.append(time.monotonic() - began)
    if len(facts.files) != FILES or facts.irregular:
        raise CannotMeasure("the change was not described as it was made", "Run the tests of checks/.")
    decided = await _decide(policies, facts, effort)
    return Section(
        "a change of 1,000 files",
        (
            figure("change_facts_s", "its facts, from git's objects", "s", took),
            figure("change_decision_ms", "the decision on it", "ms", decided),
        ),
    )


def _make(place: Path) -> tuple[Change, Path]:
    """A repository in which each of many files differs in one line between base and head; an empty folder."""
    policies, folder = place / "change-policy", place / "changed.git"
    policies.mkdir()
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], env=environment, check=True)
    argv = ["git", "-C", str(folder), "fast-import", "--quiet", "--export-marks=marks"]
    subprocess.run(argv, env=environment, input=b"".join(_stream()), check=True)
    marks = dict(line.split() for line in (folder / "marks").read_text(encoding="ascii").splitlines())
    update = Update("refs/heads/agent/wf-x/change", _NO_COMMIT, marks[":2"])
    return Change(folder, None, "main", marks[":1"], (update,)), policies


def _stream() -> Iterator[bytes]:
    for mark, text in ((1, "as it was"), (2, "as it is")):
        yield f"commit refs/heads/main\nmark :{mark}\ncommitter {_AGENT}\ndata 2\nx\n\n".encode()
        yield b"from :1\n" if mark > 1 else b""
        for number in range(FILES):
            content = b"".join(b"line %d\n" % line for line in range(100)) + text.encode() + b"\n"
            yield b"M 100644 inline src/part%d/file%d.py\ndata %d\n" % (number % 50, number, len(content))
            yield content + b"\n"


async def _decide(folder: Path, facts: ChangeFacts, effort: Effort) -> list[float]:
    opa, token = find_opa(os.environ), secrets.token_urlsafe(32)
    child = await start_child(opa, build_bundle(ROOT / "policies", folder, opa).path, folder / "opa", token)
    decider = SocketDecider(child.socket_path, token)
    took = []
    try:
        for _ in range(effort.rounds * _TRIES + 1):
            began = time.monotonic()
            decision = await decider.ask(_question(facts))
            took.append((time.monotonic() - began) * 1000)
    finally:
        await decider.close()
        await child.stop()
    if isinstance(decision, Allow) or "change.too_many_files" not in {each.code for each in decision.reasons}:
        raise CannotMeasure(f"policy did not say what it should: {decision}", "Try `doorless policy test`.")
    return took[1:]  # the first one connects


def _question(facts: ChangeFacts) -> ChangeQuestion:
    return ChangeQuestion(
        now=int(time.time()),
        workflow="",
        role="pr-creator",
        scope=(),
        service="",
        repository="",
        action="check",
        data="",
        via="check",
        identity=Person(name="", email=""),
        namespace="",
        facts=facts,
        findings=(),
        evidence={},
        require=(),
    )

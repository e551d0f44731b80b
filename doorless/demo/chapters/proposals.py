"""Chapter `proposals`: an agent mends a crash and proposes it; what it proposes waits for a person, and so does the merge.

The person here is this program, on the operator's socket, and its lines say so.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from audit.entry import DecisionEntry
from doorless.demo import forge
from doorless.demo.stage import Stage
from doorless.demo.teller import Shown, Step, Teller
from doorless.demo.waiting import PATIENCE_S, NeverCame

TITLE = "Proposals: pr-creator mends a crash; a person decides whether it goes in"

_CRASHES = (
    ("cr-1", "average", "ZeroDivisionError: division by zero"),
    ("cr-2", "spread", "ValueError: max() arg is an empty sequence"),
)
_PUSH_AFTER = """
set -e
python -m tenants.agents.pr_creator {url} --wait 60
unset DOORLESS_TASK
git clone --quiet --branch agent/$DOORLESS_WORKFLOW/change {url} /tmp/clone && cd /tmp/clone
git commit --quiet --allow-empty --message "one more thing"
git push --quiet origin HEAD 2>/dev/null
"""
_DOORS = """
python - <<'END'
import json, os, http.client
calls = {{"/repos/{name}/pulls/1/merge": "PUT", "/graphql": "POST", "/repos/{name}/merges": "POST",
         "/repos/{name}/statuses/HEAD": "POST"}}
for path, method in calls.items():
    connection = http.client.HTTPConnection(os.environ["DOORLESS_URL"].removeprefix("http://"), timeout=10)
    body = json.dumps({{"sha": "0" * 40}})
    connection.request(method, "/code-repository" + path, body, {{"content-type": "application/json"}})
    answer = connection.getresponse()
    answer.read()
    print(json.dumps({{"name": path, "decision": answer.getheader("x-doorless-decision")}}))
END
git clone --quiet {url} /tmp/around && cd /tmp/around
git merge --quiet --no-ff --no-edit origin/$(git branch --remotes --no-merged | sed -n 's#.*origin/\\(agent/.*\\)#\\1#p' | head -1)
git push origin HEAD:main 2>&1 || true
"""
_TOLD = {
    "/repos/{name}/pulls/1/merge": ("merge by REST, under the published role", "request.action_not_granted"),
    "/graphql": ("merge by GraphQL", "request.door_closed"),
    "/repos/{name}/merges": ("merge a branch beside its pull request", "request.door_closed"),
    "/repos/{name}/statuses/HEAD": ("say that the checks have passed", "request.door_closed"),
}


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent at work."""

    process: "subprocess.Popen[str]"
    lines: list[str]

    def waits(self) -> str:
        """Read on until it waits for a person; the hold. Raises `NeverCame`."""
        while line := self._line():
            if line.startswith("waiting: "):
                return line.rpartition(": ")[2].strip()
        raise NeverCame("the agent never came to wait for a person: " + " | ".join(self.lines[-3:]))

    def end(self) -> int:
        """Read to its end; its exit code."""
        while self._line():
            pass
        return self.process.wait(PATIENCE_S)

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.lines.append(line.rstrip())
        return line


def tell(stage: Stage, teller: Teller) -> None:
    """Two proposals: one is merged as it was looked at, the other moved meanwhile. Then the ways around."""
    url = f"{stage.at.forge}/{forge.NAME}"
    work = f"python -m tenants.agents.pr_creator {url} --wait 60"
    with _agent(stage, work, 0) as first, _agent(stage, _PUSH_AFTER.format(url=url), 1) as second:
        opened = [_proposed(stage, teller, agent) for agent in (first, second)]
        ended = [agent.end() for agent in (first, second)]
        stage.printed += ["\n".join(agent.lines) for agent in (first, second)]
    teller.fact("both agents asked for the merge and stopped there", as_told=ended == [0, 0])
    teller.quote([line for line in first.lines if line.startswith(("reproduced", "mended", "stopped"))])
    _merge_moved(stage, teller, opened[1])
    _merge(stage, teller, opened[0])
    _ways_around(stage, teller)


@contextmanager
def _agent(stage: Stage, script: str, crash: int) -> Iterator[Agent]:
    report, function, error = _CRASHES[crash]
    task = {"report": report, "module": "shop.stats", "function": function, "arguments": [[]], "error": error}
    command = stage.command("proposer", "sh", "-c", script)
    place = command.index("--")
    command[place:place] = ["--task", json.dumps(task)]
    process = subprocess.Popen(
        command, cwd=stage.agents, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield Agent(process, [])
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def _proposed(stage: Stage, teller: Teller, agent: Agent) -> str:
    """What is proposed passes the jury; its merge waits for a person. The merge's hold."""
    merge = agent.waits()
    [opened] = [event for event in stage.events("hold.opened") if event.detail.get("hold") == merge]
    calls = [each for each in stage.decisions(opened.workflow) if _is_proposal(each)]
    allowed = [each for each in calls if each.decision == "allow"]
    teller.step(
        Step(
            "open a pull request: nothing against it, from the jury either",
            "ALLOW" if allowed else "DENY",
            "",
            allowed[-1].id if allowed else "",
            len(allowed) == len(calls) == 1,
        )
    )
    _told_hold(stage, teller, "merge it", merge)
    return merge


def _is_proposal(decision: DecisionEntry) -> bool:
    asked = decision.input or {}
    return decision.kind == "request" and asked.get("action") == "create-pr"


def _told_hold(stage: Stage, teller: Teller, tried: str, hold: str) -> None:
    decision = decision_of(stage, hold)
    shown: Shown = "HOLD" if decision is not None and decision.decision == "hold" else "DENY"
    code = decision.reasons[0].code if decision is not None and decision.reasons else "NOT RECORDED"
    teller.step(Step(tried, shown, code, hold, shown == "HOLD"))


def decision_of(stage: Stage, hold: str) -> DecisionEntry | None:
    """The decision that a hold is about, as the log has it."""
    opened = [event for event in stage.events("hold.opened") if event.detail.get("hold") == hold]
    return stage.decision(str(opened[0].detail.get("decision"))) if opened else None


def _merge(stage: Stage, teller: Teller, hold: str) -> None:
    before = forge.refs(stage.shop)["refs/heads/main"]
    said = approve(stage, hold)
    after = forge.refs(stage.shop)["refs/heads/main"]
    decision = stage.decision(said.decision)
    shown: Shown = "ALLOW" if decision is not None and decision.decision == "allow" else "DENY"
    teller.step(
        Step(
            "this program approves the merge: made by people's key, no agent's",
            shown,
            "",
            said.decision,
            shown == "ALLOW" and said.status == _OK and after != before,
        )
    )
    message = forge.message(stage.shop, after).splitlines()
    receipts = [line for line in message if line.startswith("Doorless-")]
    told = any(line.startswith(f"Doorless-Receipt: {said.decision} #") for line in receipts)
    teller.fact("the merge commit says where in the log that stands, and who approved it", as_told=told)
    teller.quote(receipts)
    again = approve(stage, hold)
    same = forge.refs(stage.shop)["refs/heads/main"] == after
    teller.fact("approving once more does nothing", as_told=again.code != 0 and same)


_OK = 200


def _merge_moved(stage: Stage, teller: Teller, hold: str) -> None:
    before = forge.refs(stage.shop)["refs/heads/main"]
    said = approve(stage, hold)
    same = forge.refs(stage.shop)["refs/heads/main"] == before
    voids = [event for event in stage.events("approval.void") if event.detail.get("hold") == hold]
    causes = [event.detail.get("cause") for event in voids]
    teller.fact(
        "one branch moved behind its hold: the approval is void, and nothing is merged",
        as_told=said.code != 0 and same and causes == ["changed"],
        place=hold,
    )


def _ways_around(stage: Stage, teller: Teller) -> None:
    url = f"{stage.at.forge}/{forge.NAME}"
    ran = stage.run_agent("pr-creator", "sh", "-c", _DOORS.format(name=forge.NAME, url=url))
    for path, (tried, code) in _TOLD.items():
        named = ran.results.get(path.format(name=forge.NAME), {}).get("decision")
        _told_shut(stage, teller, tried, named, code)
    pushed = re.findall(
        r"d-[a-z0-9]{26}", "\n".join(line for line in ran.lines if line.startswith("remote:"))
    )
    _told_shut(
        stage,
        teller,
        "merge by pushing to main",
        pushed[-1] if pushed else None,
        "change.ref_outside_namespace",
    )


def _told_shut(stage: Stage, teller: Teller, tried: str, named: str | None, code: str) -> None:
    found = stage.decision(named)
    codes = [reason.code for reason in found.reasons] if found is not None else []
    shown = code if code in codes else next(iter(codes), "NOT RECORDED")
    teller.step(Step(tried, "DENY", shown, found.id if found else "", code in codes))


@dataclass(frozen=True, slots=True)
class Said:
    """What came of saying yes to a hold."""

    code: int
    decision: str
    status: int


def approve(stage: Stage, hold: str) -> Said:
    """Say yes to a hold, as the person who runs this program."""
    command = [sys.executable, "-m", "doorless", "approvals", "approve", hold, "--json"]
    ran = subprocess.run(
        [*command, "--home", str(stage.home.root)], capture_output=True, text=True, timeout=60, check=False
    )
    if ran.returncode:
        return Said(ran.returncode, "", 0)
    performed = json.loads(ran.stdout).get("performed") or {}
    return Said(0, performed.get("decision", ""), performed.get("status", 0))

"""Chapter `improvement`: the meta-workflow reads what the others did, and proposes; a person merges one.

The days that it reads are made up, written by the real writer and marked as such. The person here is this program.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.entry import DecisionEntry, EventEntry
from audit.keys import read_vkeys
from audit.proof import ProofInvalid, check_entry, parse_proof
from audit.query import Filter, select
from audit.reader import read_entries, read_records
from doorless.demo import agents_repository, forge
from doorless.demo.chapters.proposals import Agent
from doorless.demo.programs import REPOSITORY
from doorless.demo.stage import Stage
from doorless.demo.teller import Step, Teller
from doorless.demo.waiting import PATIENCE_S, wait_for

TITLE = "Improvement: the meta-workflow reads the log and proposes; a person decides"

_LIBRARIES = REPOSITORY / ".cache" / "detectors"
"""The statistics that the set-up provides."""
_ANALYZER = """\
  telemetry-analyzer:
    services: [telemetry]
    actions: [read]
    data: [telemetry]
"""
_ANALYZER_WIDER = """\
  telemetry-analyzer:
    services: [telemetry, alerts]
    actions: [read, alert]
    data: [telemetry, alerts]
"""
_DAYS, _SEED = 4, 0
_MANY = 500
_OK = 200
_DOORS = """
python - <<'END'
import http.client, json, os
for method, path in {calls}:
    connection = http.client.HTTPConnection(os.environ["DOORLESS_URL"].removeprefix("http://"), timeout=30)
    connection.request(method, path, "{{}}" if method != "GET" else None, {{"content-type": "application/json"}})
    answer = connection.getresponse()
    answer.read()
    print(json.dumps({{"name": path, "decision": answer.getheader("x-doorless-decision")}}))
END
"""
_MERGE = f"/code-repository/repos/{agents_repository.NAME}/pulls/1/merge"
_SHUT = (
    ("GET", "/log/entries", "crash-tracker", "crash-tracker reads the log", "request.service_not_granted"),
    (
        "GET",
        "/telemetry/query",
        "meta-workflow",
        "meta-workflow reads production",
        "request.service_not_granted",
    ),
    ("PUT", _MERGE, "meta-workflow", "meta-workflow merges what it proposed", "request.action_not_granted"),
)


def tell(stage: Stage, teller: Teller) -> None:
    """Some days with three troubles, three proposals, one merge."""
    _past(stage, teller)
    _widened(stage, teller)
    agents_repository.found(stage.repositories, stage.home.policies)
    with _agent(stage) as agent:
        code = agent.end()
    stage.printed.append("\n".join(agent.lines))
    found = re.search(r"found: (\d+)", "\n".join(agent.lines))
    told = f"it reads the log through the gateway, and finds {found[1] if found else 'NOTHING'} problems"
    teller.fact(told, as_told=code == 0 and found is not None and found[1] == "3")
    pulls = _pulls(stage)
    for pull in pulls:
        _told_pull(stage, teller, pull)
    teller.fact(
        f"{len(pulls)} pull requests at the forge, all against staging; main is as it was",
        as_told=len(pulls) == 3 and all(pull["base"] == agents_repository.STAGING for pull in pulls),
    )
    _told_evidence(stage, teller, pulls)
    _told_narrower(teller, pulls)
    _merged(stage, teller, pulls)
    for method, path, role, tried, code_ in _SHUT:
        _told_shut(stage, teller, (method, path), role, (tried, code_))


def _past(stage: Stage, teller: Teller) -> None:
    """Days before today, appended by the log's own writer and marked."""
    in_force = [*stage.events("gateway.started"), *stage.events("policy.activated")][-1]
    flags = {
        "log-socket": stage.home.audit_socket,
        "days": _DAYS,
        "seed": _SEED,
        "until-ms": stage.began_ms - 1,
        "revision": in_force.detail["revision"],
    }
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "proof.histories", *words]
    ran = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=False)
    marks = [each.entry for each in select(read_entries(stage.home.log), Filter(event="history.generated"))]
    count = marks[0].detail["entries"] if marks and isinstance(marks[0], EventEntry) else 0
    teller.fact(
        f"{_DAYS} days of work by four roles: {count} made-up entries, appended and marked",
        as_told=ran.returncode == 0 and len(marks) == 1,
        code="history.generated",
    )


def _widened(stage: Stage, teller: Teller) -> None:
    """Somebody gives the analyzer more than it needs: a person's edit, as any other."""
    count = len(stage.events("policy.activated"))
    text = stage.roles.read_text()
    stage.roles.write_text(text.replace(_ANALYZER, _ANALYZER_WIDER))
    wait_for(lambda: len(stage.events("policy.activated")) > count)
    teller.fact(
        "then somebody gave telemetry-analyzer the alerts, and it never used them", as_told=_ANALYZER in text
    )


@contextmanager
def _agent(stage: Stage) -> Iterator[Agent]:
    url = f"{stage.at.forge}/{agents_repository.NAME}"
    program = ("python", "-u", "-m", "tenants.agents.meta_workflow", url, "--wait", "60")
    process = subprocess.Popen(
        stage.command("meta-workflow", *program),
        cwd=stage.agents,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "VIRTUAL_ENV": str(_LIBRARIES.resolve())},
    )
    try:
        yield Agent(process, [])
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def _pulls(stage: Stage) -> list[dict[str, Any]]:
    """What the forge has, by its own account."""
    kept = agents_repository.bare_in(stage.repositories) / "pulls.json"
    found: list[dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else []
    return found


def _told_pull(stage: Stage, teller: Teller, pull: dict[str, Any]) -> None:
    """One proposal as the log has it: the call that opened it, allowed."""
    workflow = str(pull["head"]).split("/")[1]
    made = [each for each in stage.decisions(workflow) if _opens(each) and each.decision == "allow"]
    place = re.search(r"Doorless-Receipt: (d-[a-z0-9]{26})", pull["body"])
    receipt = place[1] if place else ""
    teller.step(
        Step(f"propose: {pull['title']}"[:66], "ALLOW", "", receipt, receipt in {each.id for each in made})
    )
    effect, *fix, results = [line.strip() for line in pull["body"].splitlines() if line.startswith("  - ")][
        1:
    ]
    teller.quote([effect, *fix[:2], results])


def _opens(decision: DecisionEntry) -> bool:
    asked = decision.input or {}
    return decision.kind == "request" and asked.get("action") == "create-pr"


def _told_evidence(stage: Stage, teller: Teller, pulls: list[dict[str, Any]]) -> None:
    """Every proof in the texts, checked with nothing but the log's public key and the entry itself."""
    records, keys = dict(read_records(stage.home.log)), read_vkeys(stage.home.log)
    texts = [text for pull in pulls for text in re.findall(r"```text\n(.*?)\n```", pull["body"], re.DOTALL)]
    held = 0
    for text in texts:
        try:
            proof = parse_proof(text.encode() + b"\n")
            check_entry(proof, records[proof.index], keys)
            held += 1
        except (ProofInvalid, KeyError):
            continue
    told = f"{held} of {len(texts)} inclusion proofs in their texts hold, with the log's public key"
    teller.fact(told, as_told=held == len(texts) > 0)


def _told_narrower(teller: Teller, pulls: list[dict[str, Any]]) -> None:
    """The proposal that makes a role narrower, with what the past says of it."""
    bodies = "\n".join(str(pull["body"]) for pull in pulls)
    told = re.search(r"^- tightened: of (\d+) recorded .*, (\d+) would be refused", bodies, re.MULTILINE)
    made_again, refused = (int(told[1]), int(told[2])) if told else (0, 0)
    teller.fact(
        f"one makes a role narrower; replay: {refused} of {made_again} decisions of those days would be refused",
        as_told=made_again > _MANY and refused == 0,
    )


def _merged(stage: Stage, teller: Teller, pulls: list[dict[str, Any]]) -> None:
    """A person merges the rules at the forge, with people's key; staging then names more of the samples rightly."""
    chosen = next((pull for pull in pulls if "rules" in pull["title"]), None)
    bare = agents_repository.bare_in(stage.repositories)
    before = forge.refs(bare)
    status = (
        agents_repository.merged(stage.at.forge, stage.home.secrets / "forge-people", chosen["number"])
        if chosen
        else 0
    )
    after = forge.refs(bare)
    moved = {name for name in after if after[name] != before.get(name)}
    teller.fact(
        "this program merges the rules at the forge, with the key that only people have",
        as_told=status == _OK and moved == {f"refs/heads/{agents_repository.STAGING}"},
        code=f"status {status}",
    )


def _told_shut(stage: Stage, teller: Teller, call: tuple[str, str], role: str, told: tuple[str, str]) -> None:
    ran = stage.run_agent(role, "sh", "-c", _DOORS.format(calls=[call]))
    found = stage.decision(ran.results.get(call[1], {}).get("decision"))
    codes = [reason.code for reason in found.reasons] if found is not None else []
    tried, code = told
    teller.step(
        Step(
            tried, "DENY", code if code in codes else "NOT RECORDED", found.id if found else "", code in codes
        )
    )

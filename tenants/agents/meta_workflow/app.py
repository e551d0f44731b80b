"""Wiring of the meta-workflow: read the log, find, leave out what is known, propose one change for one problem.

By hand, in one place. Nothing of it decides what may be done: policy does, at each call.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tenants.agents import calls
from tenants.agents.calls import Proxy, RefusedError
from tenants.agents.meta_workflow import repository
from tenants.agents.meta_workflow.choosing import remedy_of
from tenants.agents.meta_workflow.detectors.all import find
from tenants.agents.meta_workflow.memory import Earlier, fingerprint, left_today, news
from tenants.agents.meta_workflow.model import Finding, Observation
from tenants.agents.meta_workflow.reading import LOG, Log, read_log
from tenants.agents.meta_workflow.remedy import Remedy, Report
from tenants.agents.meta_workflow.settings import DAY_MS, Settings, parse
from tenants.agents.meta_workflow.text import body, evidence_of, issue
from tenants.agents.pr_creator.shell import GitFailedError

JUDGED_WITHIN_S = 300.0
"""How long a pull request may take to be opened: its checks, its tests and the jury come first."""
AT_ONCE = 3
"""Pull requests that are judged at a time."""


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do the work; the exit code (see `settings`)."""
    settings = parse(argv, environment)
    try:
        return calls.run(settings.url, lambda proxy: work(proxy, settings), JUDGED_WITHIN_S)
    except GitFailedError:
        return calls.UNREACHABLE


def work(proxy: Proxy, settings: Settings) -> None:
    """One run. Raises RefusedError, UnreachableError, GitFailedError."""
    now_ms = time.time_ns() // 1_000_000
    log = read_log(proxy, now_ms - settings.days * DAY_MS)
    found = newest(find(log.history))
    known = repository.earlier(proxy, settings, log.history)
    left = left_today(known, now_ms, settings.most_a_day)
    print(
        f"read: {len(log.ids)} entries of decisions; found: {len(found)}; proposed before: {len(known)}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(AT_ONCE) as pool:
        desk = Desk(proxy, settings, log, repository.begin(Path(place), settings))
        waiting: list[Future[None]] = []
        for finding in found:
            is_news, follows = news(finding, known)
            problem = f"{finding.detector} {finding.role} {finding.subject}"
            if not is_news:
                print(f"known: {problem}: pull request {follows.number if follows else 0}", flush=True)
            elif len(waiting) >= left:
                print(f"put off: {problem}: enough for today", flush=True)
            elif (draft := desk.answer(finding, follows)) is not None:
                # What judges it takes its time, and does not wait for the next finding's numbers.
                waiting.append(pool.submit(desk.propose, draft))
        for done in waiting:
            done.result()


def newest(findings: Sequence[Finding]) -> list[Finding]:
    """The last seen of each problem: one problem, one proposal."""
    latest: dict[str, Finding] = {}
    for finding in findings:
        name = fingerprint(finding)
        if name not in latest or latest[name].window.to_ms < finding.window.to_ms:
            latest[name] = finding
    return list(latest.values())


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that is pushed, and what its pull request says."""

    title: str
    text: str
    branch: str


class Desk:
    """Answers findings."""

    def __init__(self, proxy: Proxy, settings: Settings, log: Log, clone: Path) -> None:
        self._proxy = proxy
        self._settings = settings
        self._log = log
        self._clone = clone
        self._by_seq: dict[int, Observation] = {}
        for one in log.history.observations:
            self._by_seq[one.seq] = one
            if one.outcome_seq is not None:
                self._by_seq[one.outcome_seq] = one

    def answer(self, finding: Finding, follows: Earlier | None) -> Draft | None:
        """Push what mends it, or print what a person should know. A refusal of one is no end of the others."""
        match remedy_of(self._proxy, self._clone, finding, self._log.history):
            case Report() as report:
                print(issue(finding, report), flush=True)
                return None
            case Remedy() as remedy if self._settings.dry:
                print(f"would propose: {remedy.title}", flush=True)
                return None
            case Remedy() as remedy:
                return self._pushed(finding, remedy, follows)

    def propose(self, draft: Draft) -> None:
        """Open the pull request; what was answered is printed. Raises UnreachableError."""
        try:
            number = repository.propose(self._proxy, self._settings, draft.title, draft.text, draft.branch)
        except RefusedError as refused:
            reasons = (f"\n  {reason.message} [{reason.code}]" for reason in refused.reasons)
            told = calls.printable(f"refused: {draft.title!r} ({refused.decision})")
            print(told + "".join(f"\n{calls.printable(line.strip())}" for line in reasons), flush=True)
        else:
            print(f"proposed: pull request {number}: {draft.title}", flush=True)

    def _pushed(self, finding: Finding, remedy: Remedy, follows: Earlier | None) -> Draft | None:
        proofs = [self._proof(seq) for seq in dict.fromkeys((finding.entries[0], finding.entries[-1]))]
        evidence = evidence_of(finding, self._by_seq, self._log.ids, proofs)
        try:
            branch = repository.push(self._clone, self._settings, finding, remedy)
        except GitFailedError:
            print(f"refused: the push of {remedy.title!r}", flush=True)
            return None
        return Draft(remedy.title, body(finding, remedy, evidence, follows), branch)

    def _proof(self, seq: int) -> str:
        return self._proxy.get_text(f"{LOG}/entries/{seq}/proof")

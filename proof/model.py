"""What a proof is made of: probes, what each of their runs showed, and the verdict; pure values.

Nothing here runs anything. Promises that a probe whose control stayed silent is never counted as proven.
"""

import enum
from dataclasses import dataclass
from typing import Final, assert_never


class Group(enum.StrEnum):
    """What a probe attacks; the value is what `--group` takes."""

    NETWORK = "network"
    HOST = "host"
    FILES = "files"
    PROCESSES = "processes"
    HTTP = "http"
    TOKENS = "tokens"
    SECRETS = "secrets"
    CHANGES = "changes"
    APPROVALS = "approvals"
    JURY = "jury"
    LOG = "log"
    FAIL_CLOSED = "fail-closed"
    AFTER_END = "after-end"


TITLES: Final = {
    Group.NETWORK: "network",
    Group.HOST: "host",
    Group.FILES: "files and environment",
    Group.PROCESSES: "processes",
    Group.HTTP: "HTTP parsing",
    Group.TOKENS: "tokens",
    Group.SECRETS: "secrets coming back",
    Group.CHANGES: "keys in a push",
    Group.APPROVALS: "what needs a person",
    Group.JURY: "the jury and its rooms",
    Group.LOG: "what is read of the log",
    Group.FAIL_CLOSED: "fail-closed",
    Group.AFTER_END: "after the end",
}

NEVER_ABSENT: Final = frozenset({Group.NETWORK, Group.HOST, Group.FILES})
"""Groups whose controls every kernel makes possible: a silent one there is a failure, whatever it says."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The attempt got where it must not get; for a control that is what it has to do."""

    how: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The attempt ran and got nowhere."""

    why: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """A control that this kernel cannot do: the thing to be kept from agents does not exist here."""

    why: str


@dataclass(frozen=True, slots=True)
class Unsound:
    """The run did not happen as planned, so it shows nothing."""

    why: str


Outcome = Reached | Stopped | Impossible | Unsound


@dataclass(frozen=True, slots=True)
class Runs:
    """What the runs of one probe showed.

    `control` is the attempt with nothing in its way, `walled` the same attempt behind the wall under test, `asked`
    the same wish put to the gateway under a role that denies it, where that makes sense.
    """

    control: Outcome
    walled: Outcome
    asked: Outcome | None = None


class Verdict(enum.StrEnum):
    """What a probe says of this machine."""

    PROVEN = "proven"
    LEAK = "leak"
    SILENT = "silent"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Result:
    """One probe, its verdict, and why. `fired`: its control did what a control has to do."""

    name: str
    group: Group
    proves: str
    verdict: Verdict
    why: str
    fired: bool
    seconds: float


def judge(group: Group, runs: Runs) -> tuple[Verdict, str]:
    """The verdict on one probe and its reason. A leak is a leak whatever the control says."""
    for name, outcome in (("behind the wall", runs.walled), ("through the gateway", runs.asked)):
        if isinstance(outcome, Reached):
            return Verdict.LEAK, f"{name}: {outcome.how}"
    match runs.control:
        case Reached():
            pass
        case Impossible(why=why) if group not in NEVER_ABSENT:
            return Verdict.ABSENT, why
        case Impossible(why=why) | Stopped(why=why) | Unsound(why=why):
            return Verdict.SILENT, f"control: {why}"
        case _ as never:
            assert_never(never)
    for name, outcome in (("behind the wall", runs.walled), ("through the gateway", runs.asked)):
        if isinstance(outcome, Unsound | Impossible):
            return Verdict.SILENT, f"{name}: {outcome.why}"
    return Verdict.PROVEN, runs.walled.why if isinstance(runs.walled, Stopped) else ""

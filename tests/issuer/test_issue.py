"""`issuer.issue`: the order of the five verbs, with fakes that fail at each step."""

import asyncio
from pathlib import Path

import pytest

from audit.entry import DecisionEntry, Entry, EventEntry, OutcomeEntry
from audit.faults import LogUnavailable
from decision.decider import unavailable
from decision.model import Allow, Decision, Deny, Hold, IssueToken, Reason, Terms
from issuer import keys
from issuer.issue import Issuer
from issuer.model import AlreadyEnded, Denied, Issued, Unavailable, Unknown, Wish
from issuer.workflows import Ending, Workflow, Workflows
from tests.issuer.fakes import FakeLog, FakePolicy

WISH = Wish(role="crash-tracker", ttl_s=60, only=(), task="")
ALLOW = Allow(Terms(tokens=(IssueToken("crash-reporting", ("read:crash-reports",), 300),)))
REASON = Reason(code="token.role_unknown", message="m", remedy="r", rule="x")


class Bench:
    """An issuer on fakes."""

    def __init__(self, folder: Path, decision: Decision = ALLOW) -> None:
        keys.create(folder)
        self.log = FakeLog()
        self.policy = FakePolicy(decision)
        self.ended: list[Workflow] = []
        self.workflows = Workflows(on_end=self.ended.append)
        self.issuer = Issuer("http://127.0.0.1:1", self.policy, self.log, keys.load(folder), self.workflows)

    def kinds(self) -> list[str]:
        return [_kind(entry) for entry in self.log.entries]


def _kind(entry: Entry) -> str:
    match entry:
        case DecisionEntry():
            return f"decision {entry.decision}"
        case OutcomeEntry():
            return f"outcome {entry.result}"
        case EventEntry():
            return entry.event


def test_record_comes_before_act(tmp_path: Path) -> None:
    """Decision, start and outcome are recorded in that order, and the workflow counts before its start is durable."""
    bench = Bench(tmp_path / "keys")
    counted: list[tuple[str, int]] = []
    bench.log.on_append = lambda entry: counted.append((_kind(entry), len(bench.workflows.all())))
    issued = asyncio.run(bench.issuer.start(WISH))
    assert isinstance(issued, Issued)
    assert counted == [("decision allow", 0), ("workflow.started", 1)]
    assert bench.kinds() == ["decision allow", "workflow.started", "outcome issued"]
    assert "ey" not in repr(issued.tokens[0])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", ["decision allow", "workflow.started"])
def test_without_a_receipt_there_is_no_token(tmp_path: Path, moment: str, at: str) -> None:
    """Whichever append fails, before or after its effect: no token, and no workflow stays active."""
    bench = Bench(tmp_path / "keys")
    bench.log.fails = lambda entry: (
        ("before" if moment == "before" else "after") if _kind(entry) == at else None
    )
    result = asyncio.run(bench.issuer.start(WISH))
    assert isinstance(result, Unavailable)
    assert result.reasons[0].code == "log_unavailable"
    assert bench.workflows.active(0) == []
    assert "outcome issued" not in bench.kinds()


def test_everything_ended_meanwhile_is_ended(tmp_path: Path) -> None:
    """An end of all workflows that falls between the record of a start and its tokens wins."""
    bench = Bench(tmp_path / "keys")

    def switch(entry: Entry) -> None:
        if _kind(entry) == "workflow.started":
            bench.workflows.end_all(Ending.REVOKED)

    bench.log.on_append = switch
    assert isinstance(asyncio.run(bench.issuer.start(WISH)), AlreadyEnded)
    assert [each.ended_reason for each in bench.ended] == [Ending.REVOKED]
    assert "outcome issued" not in bench.kinds()


def test_an_end_during_a_renewal_wins(tmp_path: Path) -> None:
    """A workflow that ends while its renewal is being recorded gets no token."""

    async def story() -> None:
        bench = Bench(tmp_path / "keys")
        issued = await bench.issuer.start(WISH)
        assert isinstance(issued, Issued)
        name = issued.workflow.id

        def fail(_entry: Entry) -> None:
            bench.workflows.end(name, Ending.FAILED)

        bench.log.on_append = fail
        assert isinstance(await bench.issuer.renew(name), AlreadyEnded)
        assert isinstance(await bench.issuer.renew(name), AlreadyEnded)
        assert isinstance(await bench.issuer.renew("wf-none"), Unknown)
        assert bench.kinds().count("outcome issued") == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("decision", "kind", "code", "recorded"),
    [
        (Deny((REASON,)), Denied, "token.role_unknown", "decision deny"),
        (Hold((REASON,), "t", (), 600), Denied, "hold_no_approver", "decision hold"),
        (unavailable("away"), Unavailable, "pdp_unavailable", "decision deny"),
        (Allow(Terms()), Unavailable, "obligation_failed", "decision deny"),
    ],
)
def test_anything_but_an_allow_issues_nothing(
    tmp_path: Path, decision: Decision, kind: type, code: str, recorded: str
) -> None:
    """A denial, a hold, a failure and an empty allow are recorded as what they are; no workflow comes of them."""
    bench = Bench(tmp_path / "keys", decision)
    result = asyncio.run(bench.issuer.start(WISH))
    assert isinstance(result, kind)
    assert isinstance(result, Denied | Unavailable)
    assert (result.reasons[0].code, bench.kinds()) == (code, [recorded])
    assert bench.workflows.all() == []
    entry = bench.log.entries[0]
    assert isinstance(entry, DecisionEntry)
    assert result.decision == entry.id


def test_an_end_takes_effect_although_the_log_is_down(tmp_path: Path) -> None:
    """Ending is never refused: a full disk must not keep a workflow alive."""

    async def story() -> None:
        bench = Bench(tmp_path / "keys")
        issued = await bench.issuer.start(WISH)
        assert isinstance(issued, Issued)
        bench.log.fails = lambda _entry: "before"
        assert await bench.issuer.end(issued.workflow.id, Ending.REVOKED) is True
        assert not bench.workflows.is_active(issued.workflow.id, 0)

    asyncio.run(story())


def test_a_rotation_is_recorded_before_it_is_published(tmp_path: Path) -> None:
    """When the record fails, the JWKS is as before; when it does not, the record names the new key."""
    bench = Bench(tmp_path / "keys")
    bench.log.fails = lambda _entry: "after"
    with pytest.raises(LogUnavailable):
        asyncio.run(bench.issuer.rotate())
    assert len(bench.issuer.keys.published(0)) == 1
    bench.log.fails = lambda _entry: None
    kid = asyncio.run(bench.issuer.rotate())
    assert kid in bench.issuer.keys.published(0)
    entry = bench.log.entries[-1]
    assert isinstance(entry, EventEntry)
    assert entry.detail["kid"] == kid

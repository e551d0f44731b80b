"""Replay: what was decided is asked again of the real OPA, first by its own policy and then by another one."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from audit.entry import DecisionEntry, EventEntry
from audit.faults import LogMissing
from authoring.asking import EngineLost
from authoring.recorded import Kind, Recorded, recorded_decisions
from authoring.replay import replay as replaying
from authoring.replay.replay import Wanted, replay
from decision.question import encode_question
from decision.yaml_source import ConfigErrors
from tests.audit.samples import refusal
from tests.authoring.engines import end_opa
from tests.authoring.histories import NOW_MS, Past, request, token
from tests.checks.policy_changes import VETO, write
from tests.decision.questions import change

pytestmark = pytest.mark.anyio

READS = [request(now=1763890000 + number, path=f"/reports/{number}") for number in range(20)]
WRITES = [request(route="set-status", action="write", method="POST", path="/reports/1/status")] * 3
QUERY = request(
    role="telemetry-analyzer",
    scope=("read:telemetry",),
    service="telemetry",
    route="query",
    data="telemetry",
    path="/query",
    params={},
)


def edit(file: Path, old: str, new: str) -> None:
    """Change a policy file; what is to be changed must be there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def spoil(past: Past, place: int, **changes: object) -> DecisionEntry:
    """Change one recorded decision before the log is written."""
    entry = past.entries[place]
    assert isinstance(entry, DecisionEntry)
    past.entries[place] = changed = msgspec.structs.replace(entry, **changes)
    return changed


async def test_the_same_policies_never_flip_anything(past: Past, policies: Path) -> None:
    """Calls, tokens, allowed and denied: each is made again, and none is made otherwise."""
    await past.decide(policies, [*READS, *WRITES, token(), token("nobody"), QUERY])
    found = await replay(past.close(), policies)
    assert (found.decisions, found.reproduced, found.clean) == (26, 26, True)
    assert not found.apart
    assert not found.missing
    assert not found.explained_otherwise


async def test_no_question_whatsoever_flips_against_its_own_policies(past: Past, policies: Path) -> None:
    """Four hundred questions drawn at random, sensible and not: whatever policy said, it says again."""
    draw = random.Random(8)
    of_request: dict[str, list[Any]] = {
        "now": [0, 1763890000, 2**40],
        "role": ["crash-tracker", "telemetry-analyzer", "pr-creator", "maintainer", "nobody", ""],
        "scope": [(), ("read",), ("read:crash-reports", "read:telemetry")],
        "service": ["crash-reporting", "telemetry", "code-repository"],
        "route": ["read-report", "query", "purge", "merge-pr", "create-pr", "nowhere"],
        "action": ["read", "write", "delete", "merge", "create-pr"],
        "data": ["", "crash-reports", "telemetry"],
        "method": ["GET", "POST", "DELETE", "PUT"],
        "body_bytes": [-1, 0, 2**30],
        "scan": [(), (), ("pattern.github",)],
        "call_sha256": ["", "a" * 64],
    }
    calls = [
        request(**{name: draw.choice(values) for name, values in of_request.items()}) for _ in range(380)
    ]
    tokens = [token(draw.choice(of_request["role"])) for _ in range(10)]
    changes = [
        change(
            service="code-repository",
            role=draw.choice(of_request["role"]),
            action=draw.choice(["check", "merge"]),
        )
        for _ in range(10)
    ]
    await past.decide(policies, draw.sample([*calls, *tokens, *changes], 400))
    found = await replay(past.close(), policies)
    assert (found.reproduced, found.clean) == (400, True)
    assert not found.explained_otherwise


async def test_flips_are_grouped_by_rule_and_role_with_an_example(past: Past, policies: Path) -> None:
    """An action taken from one role flips its calls and its tokens and nobody else's; each group names one decision."""
    await past.decide(policies, [*READS, *WRITES, QUERY])
    edit(policies / "roles.yaml", "data: [crash-reports, stack-traces]", "data: [stack-traces]")
    found = await replay(past.close(), policies)
    assert not found.clean
    assert (found.flipped, found.mismatches) == (20, ())
    (group,) = found.flips
    assert (group.before, group.after, group.role, group.count) == ("allow", "deny", "crash-tracker", 20)
    assert group.rules == ("request.rules.data_not_granted",)
    assert group.example == past.ids[0]


async def test_a_new_veto_flips_by_its_own_name(past: Past, policies: Path) -> None:
    """One folder more and nothing else touched: what it denies flips, by the veto and nothing else."""
    await past.decide(policies, [request(now=4), *READS])
    write(policies.parent, VETO)
    found = await replay(past.close(), policies)
    (group,) = found.flips
    assert (group.before, group.after, group.count) == ("allow", "deny", len(READS))
    assert group.rules == ("request.vetoes.late",)


async def test_another_obligation_is_a_flip_and_another_reason_is_none(past: Past, policies: Path) -> None:
    """Who may call as often as before, but under another limit, is decided otherwise; who is told otherwise is not."""
    await past.decide(policies, [READS[0], QUERY, *WRITES])
    edit(policies / "roles.yaml", "max_requests_per_min: 60", "max_requests_per_min: 6")
    edit(
        policies / "roles.yaml",
        "services: [crash-reporting]\n    actions: [read]",
        "services: [telemetry]\n    actions: [read]",
    )
    edit(policies / "roles.yaml", "data: [crash-reports, stack-traces]", "data: [telemetry]")
    found = await replay(past.close(), policies)
    flips = {(group.what, group.role): group for group in found.flips}
    assert set(flips) == {("decision", "crash-tracker"), ("obligations", "telemetry-analyzer")}
    changed = flips["obligations", "telemetry-analyzer"].changed
    assert [line[0] for line in changed] == ["-", "+"]
    assert '"limit":6,' in changed[1]
    (told,) = found.explained_otherwise
    assert (told.what, told.before, told.after, told.count) == ("reasons", "deny", "deny", 3)
    assert "request.rules.service_not_granted" in told.rules


async def test_a_decision_that_is_not_made_again_is_a_finding(past: Past, policies: Path) -> None:
    """The log says allow, its own policy says deny: that is neither hidden nor compared with the candidate."""
    await past.decide(policies, [READS[0], *WRITES])
    forged = spoil(past, 1, decision="allow", reasons=[])
    found = await replay(past.close(), policies)
    (group,) = found.mismatches
    assert (group.before, group.after, group.example, group.count) == ("allow", "deny", forged.id, 1)
    assert (found.reproduced, found.flips, found.clean) == (3, (), False)


async def test_each_decision_is_made_again_by_its_own_revision(past: Past, policies: Path) -> None:
    """Two revisions alternate; each decision is asked of the one that made it. By the newer alone, half would differ."""
    await past.decide(policies, READS[:3])
    edit(policies / "roles.yaml", "data: [crash-reports, stack-traces]", "data: [stack-traces]")
    await past.decide(policies, READS[:2])
    edit(policies / "roles.yaml", "data: [stack-traces]", "data: [crash-reports, stack-traces]")
    await past.decide(policies, READS[3:5])
    found = await replay(past.close(), policies)
    assert (found.reproduced, found.mismatched, found.flipped) == (7, 0, 2)
    assert [(group.before, group.after) for group in found.flips] == [("deny", "allow")]


async def test_what_cannot_be_asked_again_is_counted_apart(past: Past, policies: Path) -> None:
    """Refusals, the gateway's own denials, unknown kinds and lost bundles: each by its name, none passed over."""
    revision = await past.decide(policies, [*READS[:7], token()])
    spoil(past, 0, source="gateway", decision="deny")
    spoil(past, 1, input=None, input_sha256="")
    spoil(past, 2, revision="ab" * 32)
    past.entries.append(refusal(99))
    past.entries.append(EventEntry(time=NOW_MS, event="key.rotated", workflow="", detail={}))
    found = await replay(past.close(), policies)
    assert found.apart == {
        "decided by the gateway": 1,
        "no input recorded": 1,
        "refused before policy": 1,
    }
    assert found.missing == {"ab" * 32: 1}
    assert (found.decisions, found.reproduced, found.clean) == (9, 5, True)
    assert found.candidate == revision


async def test_an_input_beside_the_log_is_asked_and_a_forgotten_one_counted(
    past: Past, policies: Path
) -> None:
    """Personal inputs stand aside; one of them is removed, and the other is still replayed."""
    edit(
        policies / "services.yaml",
        "credential: telemetry-key",
        "credential: telemetry-key\n    personal: true",
    )
    await past.decide(policies, [QUERY, QUERY])
    entry = past.entries[0]
    assert isinstance(entry, DecisionEntry)
    assert isinstance(entry.side, str)
    source = past.close()
    (source.log / "side" / entry.side[:2] / entry.side).unlink()
    found = await replay(source, policies)
    assert (found.apart, found.reproduced) == ({"input gone": 1}, 1)


async def test_an_input_of_an_older_form_is_asked_in_todays_form(past: Past, policies: Path) -> None:
    """A fact that did not exist then is nothing of it now. Asked as it stands, every old decision would flip."""
    old = policies / "request/rules/input_incomplete/input_incomplete.rego"
    today = old.read_text()
    edit(old, '"validation", "tokens_spent",', '"validation",')
    text = old.read_text()
    old.write_text("\n".join(line for line in text.splitlines() if "floor(input.tokens_spent" not in line))
    edit(old, 'wrong contains "tokens_spent" if not _tokens_spent', "")
    await past.decide(policies, [READS[0]], without=("tokens_spent",))
    old.write_text(today)
    found = await replay(past.close(), policies)
    assert (found.reproduced, found.older_form, found.flipped, found.mismatched) == (1, 1, 0, 0)


async def test_policies_without_the_entry_point_for_many_calls_are_asked_one_by_one(
    past: Past, policies: Path
) -> None:
    """An older bundle answers a batch with nothing at all; its decisions are made again all the same."""
    for file in (policies / "batch").iterdir():
        file.unlink()
    await past.decide(policies, [*READS, *WRITES])
    found = await replay(past.close(), policies)
    assert (found.reproduced, found.clean) == (23, True)


async def test_only_the_role_and_the_time_that_are_wanted(past: Past, policies: Path) -> None:
    """By the entries' own times; nothing else is counted either."""
    await past.decide(policies, [*READS[:4], QUERY])
    source = past.close()
    later = [each.time_ms for each in recorded_decisions(source.log)][2]
    assert (await replay(source, policies, Wanted(since_ms=later))).decisions == 3
    assert (await replay(source, policies, Wanted(role="telemetry-analyzer"))).decisions == 1
    assert (await replay(source, policies, Wanted(role="nobody"))).decisions == 0


async def test_a_candidate_that_does_not_compile_names_file_and_line(past: Past, policies: Path) -> None:
    """Nothing is replayed against half a policy."""
    source = past.close()
    edit(policies / "request/request.rego", "package request", "package request\n\nbroken if {")
    with pytest.raises(ConfigErrors, match=r"request\.rego:\d+"):
        await replay(source, policies)


async def test_an_empty_log_and_none_at_all(past: Past, policies: Path) -> None:
    """The one has nothing to replay, the other is an error."""
    source = past.close()
    found = await replay(source, policies)
    assert (found.decisions, found.clean) == (0, True)
    with pytest.raises(LogMissing):
        list(recorded_decisions(source.log / "nowhere"))


async def test_texts_that_were_left_out_are_no_mismatch(past: Past, policies: Path) -> None:
    """Policy saw a path that may not stand in the log: a rule about paths cannot be asked again, and that is said."""
    rule = policies / "request/rules/body_too_large/body_too_large.rego"
    edit(
        rule,
        "_within(limit) if input.body_bytes <= limit",
        '_within(limit) if startswith(input.path, "/reports/")',
    )
    await past.decide(policies, [request(scan=("pattern.x",))])
    found = await replay(past.close(), policies)
    assert (found.apart, found.mismatches) == ({"texts left out": 1}, ())


async def test_a_recorded_question_is_what_was_asked(past: Past, policies: Path) -> None:
    """Byte for byte the canonical form of the question, with what was answered beside it."""
    await past.decide(policies, [READS[0]])
    (one,) = recorded_decisions(past.close().log)
    assert isinstance(one, Recorded)
    assert one.input() == msgspec.json.decode(encode_question(READS[0]))
    assert (one.answered.decision, one.answered.rules, one.kind) == ("allow", (), "request")


async def test_a_bundle_that_is_spoiled_is_counted_with_the_reason(past: Past, policies: Path) -> None:
    """OPA does not take it, so nothing can be proven of its decisions; the others are replayed."""
    spoiled = await past.decide(policies, READS[:2])
    edit(policies / "roles.yaml", "max_requests_per_min: 30", "max_requests_per_min: 31")
    await past.decide(policies, READS[:3])
    source = past.close()
    (source.bundles / f"{spoiled}.tar.gz").write_bytes(b"torn")
    found = await replay(source, policies)
    assert (found.missing, found.reproduced, found.clean) == ({spoiled: 2}, 3, True)
    assert "ready" in found.unusable[spoiled]


async def test_an_opa_that_ends_in_the_middle_breaks_the_replay_off(
    past: Past, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is taken for a denial: that would be a flip that nobody made. Nothing is left running."""
    revision = await past.decide(policies, READS)
    source = past.close()

    def ending(_kind: Kind, document: bytes) -> bytes:
        end_opa(source.bundles / f"{revision}.tar.gz")
        return document

    monkeypatch.setattr(replaying, "in_todays_form", ending)
    with pytest.raises(EngineLost):
        await replay(source, policies)

"""What a proposal says: title, evidence, proposed fix, test results, in the same words each time; pure.

Made of names, numbers and templates alone. Nothing that an agent wrote is quoted, in no form.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from tenants.agents.meta_workflow.memory import Earlier, mark_of
from tenants.agents.meta_workflow.model import Finding, Observation
from tenants.agents.meta_workflow.remedy import Remedy, Report

MOST_WORKFLOWS: Final = 5
MOST_ENTRIES: Final = 10
_LAST_S: Final = 253_402_300_799
_EFFECTS: Final = {
    "latency": "response_time_increase: x{value:.1f} ({numbers[median_ms]:.0f} ms, expected {numbers[expected_ms]:.0f})",
    "accuracy": "accuracy_drop: {value:.0f} points ({numbers[accuracy]:.1%}, before {numbers[accuracy_before]:.1%})",
    "sequences": "sequence_surprise: {value:.0f} bits beyond its own history, in {numbers[calls]:.0f} calls",
    "destinations": "first_seen: {value:.0f} calls, {numbers[denied]:.0f} of them denied",
}
_OTHER: Final = "{name}: {value:.2f} {unit}"


def body(finding: Finding, remedy: Remedy, evidence: str, follows: Earlier | None) -> str:
    """The text of a pull request."""
    after = f"\nFollows #{follows.number}, which told of the same earlier.\n" if follows else ""
    return f"""\
{_article(finding, remedy)}
## What was seen

{_seen(finding)}
{after}
{evidence}
## Proposed fix

{_listed(remedy.fix)}

## Test results

{_listed(remedy.results)}

{remedy.appendix}
Drafted from the log by the meta-workflow, without a model. It merges nothing and has asked for no grant.

{mark_of(finding)}
"""


def evidence_of(
    finding: Finding, by_seq: Mapping[int, Observation], ids: Mapping[int, str], proofs: Iterable[str]
) -> str:
    """The log entries behind a finding: which, and proofs that they stand in the log."""
    rows = [
        f"| {seq} | `{ids.get(seq, '-')}` | {_workflow(by_seq, seq)} |"
        for seq in finding.entries[:MOST_ENTRIES]
    ]
    shown = len(rows)
    whole = int(finding.numbers.get("entries", len(finding.entries)))
    proven = "".join(f"\n```text\n{proof.strip()}\n```\n" for proof in proofs)
    return (
        f"## Evidence\n\n{shown} of {whole} log entries. `doorless log show ID` tells each, `doorless log prove ID`"
        " proves it to a stranger.\n\n| entry | decision | workflow |\n| ---: | --- | --- |\n"
        + "\n".join(rows)
        + f"\n\n<details><summary>Inclusion proofs, without the entries themselves</summary>\n{proven}\n</details>\n"
    )


def issue(finding: Finding, report: Report) -> str:
    """What is printed for a person where nothing is proposed."""
    return "\n".join(
        (f"for a person: {report.title}", *(f"  {line}" for line in (_seen(finding), *report.lines)))
    )


def _article(finding: Finding, remedy: Remedy) -> str:
    """The proposal in the form in which the article prints one."""
    return f"""\
```yaml
title: "{remedy.title}"
evidence:
  - log_entries: [{", ".join(map(str, finding.entries[:MOST_WORKFLOWS]))}]
  - {_effect(finding)}
proposed_fix:
{"".join(f"  - {line}{chr(10)}" for line in remedy.fix)}  - test_results: "{remedy.results[0]}"
```
"""


def _effect(finding: Finding) -> str:
    numbers = finding.numbers
    form = _EFFECTS.get(finding.detector, _OTHER)
    try:
        return form.format(
            value=abs(finding.effect.value),
            name=finding.effect.name,
            unit=finding.effect.unit,
            numbers=numbers,
        )
    except KeyError:
        return _OTHER.format(name=finding.effect.name, value=finding.effect.value, unit=finding.effect.unit)


def _seen(finding: Finding) -> str:
    return (
        f"{finding.pattern} of `{finding.role or 'no role'}` on `{finding.subject}`: {_effect(finding)}, confidence "
        f"{finding.confidence:.4f}, {_day(finding.window.from_ms)} to {_day(finding.window.to_ms)}, held against "
        f"{_day(finding.baseline.from_ms)} to {_day(finding.baseline.to_ms)} (detector `{finding.detector}`)."
    )


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(min(max(time_ms // 1000, 0), _LAST_S), UTC).strftime("%Y-%m-%d %H:%M")


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _workflow(by_seq: Mapping[int, Observation], seq: int) -> str:
    found = by_seq.get(seq)
    return f"`{found.workflow}`" if found else "-"

"""An explanation as text for a terminal, line by line; pure. Whoever prints it escapes what steers a terminal."""

import datetime as dt
from collections.abc import Iterable, Iterator

from authoring.explain.explanation import Explanation, Fact, RuleSeen


def lines(told: Explanation) -> Iterator[str]:
    """The explanation."""
    when = dt.datetime.fromtimestamp(told.time_ms / 1000, tz=dt.UTC)
    yield f"{told.decision.upper()} {told.asked}".rstrip()
    yield f"  {told.id}, entry {told.seq} of the log, {when:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  role {told.role or '(none)'}, workflow {told.workflow or '(none)'}"
    yield f"  decided by {told.by}"
    yield f"  policy revision {told.revision or '(none)'}"
    for obligation in told.obligations:
        yield f"  obliges to {obligation}"
    for note in told.notes:
        yield f"  note: {note}"
    if told.reasons:
        yield ""
        yield "Reasons, as recorded"
        for reason in told.reasons:
            yield f"  {reason.message} [{reason.code}]"
            yield f"    by {reason.rule}{f' at {reason.file}:{reason.line}' if reason.file else ''}"
            if reason.remedy:
                yield f"    do: {reason.remedy}"
    yield from _rules("Rules that spoke", told.fired)
    yield from _rules("Rules that kept silent", told.silent)


def _rules(title: str, rules: Iterable[RuleSeen]) -> Iterator[str]:
    found = tuple(rules)
    if not found:
        return
    yield ""
    yield f"{title} ({len(found)})"
    for rule in found:
        unheard = ", without effect here" if rule.spoke and not rule.heard else ""
        yield f"  {rule.rule} ({rule.part}{unheard}) at {rule.file}:{rule.line}"
        if rule.title:
            yield f"    {rule.title}"
        for stop in rule.stops:
            yield f"    did not hold: {stop.text}  ({stop.file}:{stop.line})"
            yield from _facts("      with", stop.variables)
        yield from _facts("    saw", rule.facts)


def _facts(before: str, facts: tuple[Fact, ...]) -> Iterator[str]:
    if facts:
        yield f"{before} {'; '.join(f'{fact.name} = {fact.value}' for fact in facts)}"

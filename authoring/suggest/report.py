"""A suggestion as people, programs and pull requests read it. Names are those of roles.yaml and services.yaml."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from authoring.replay.tally import Replay
from authoring.suggest.suggest import DAYS, DECISIONS, MARGIN, Suggestion

_DAY_MS = 86_400_000


def document(suggestion: Suggestion, replay: Replay | None = None) -> dict[str, Any]:
    """Everything, as JSON; with what a replay of the role's decisions came to, where there was one."""
    said = {"version": "1", "narrower": suggestion.narrower, **asdict(suggestion), "margin": MARGIN}
    if replay is not None:
        said["replay"] = {"reproduced": replay.reproduced, "refused": refused(replay)}
    return said


def refused(replay: Replay) -> int:
    """How many recorded allows the suggested role would not allow."""
    return sum(group.count for group in replay.flips if group.what == "decision" and group.before == "allow")


def text(suggestion: Suggestion, replay: Replay | None = None) -> str:
    """For a terminal: what was seen, what goes, the diff, and what to be careful about."""
    return "\n".join(_lines(suggestion, replay, bullet="  ")) + "\n"


def markdown(suggestion: Suggestion, replay: Replay | None = None) -> str:
    """For a pull request."""
    lines = [f"### The role {suggestion.role}, narrowed to what it used", ""]
    lines += list(_lines(suggestion, replay, bullet="- ", fence="```"))
    return "\n".join(lines) + "\n"


def _lines(suggestion: Suggestion, replay: Replay | None, *, bullet: str, fence: str = "") -> Iterator[str]:
    days = (suggestion.last_ms - suggestion.first_ms) / _DAY_MS
    yield f"{suggestion.decisions} decisions of the role {suggestion.role} in {days:.1f} days."
    for title, entries in _parts(suggestion):
        if entries:
            yield from ("", title, *(f"{bullet}{entry}" for entry in entries))
    if suggestion.diff:
        yield from (
            "",
            *([f"{fence}diff"] if fence else []),
            suggestion.diff.rstrip("\n"),
            *([fence] if fence else []),
        )
    else:
        yield from ("", "Nothing can be taken away; roles.yaml stays as it is.")
    if replay is not None:
        yield from ("", _of_replay(replay))
    if suggestion.diff:
        yield "Nothing was changed: apply the diff where your policies are kept, if it is right."


def _parts(suggestion: Suggestion) -> Iterator[tuple[str, list[str]]]:
    yield (
        "Used, and kept (allowed, completed):",
        [f"{each.word} on {each.service} ({each.allowed}, {each.completed})" for each in suggestion.kept],
    )
    yield (
        "Never used, and taken away:",
        [f"{each.word} on {each.service}" for each in suggestion.removed],
    )
    yield (
        "Never used, and still granted, because a role is services x actions x data:",
        [f"{each.word} on {each.service}" for each in suggestion.unused],
    )
    yield (
        f"Limits, lowered to {MARGIN} times the most that was seen:",
        [f"{each.name}: {each.old} -> {each.new} (seen: {each.seen})" for each in suggestion.lowered],
    )
    yield (
        f"Careful (a window under {DAYS} days or {DECISIONS} allowed calls says little):",
        list(suggestion.warnings),
    )


def _of_replay(replay: Replay) -> str:
    count = refused(replay)
    if not replay.reproduced:
        return "No decision of the role could be replayed, so nothing is known of what would be refused."
    if count:
        return f"Replay: {count} of {replay.reproduced} decisions that were allowed would be refused. Do not apply it."
    return f"Replay: of {replay.reproduced} decisions made again, no allow would be refused."

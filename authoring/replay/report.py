"""A replay as programs and pull requests read it; pure. What a terminal shows is made by the command line.

Names of rules and roles are policy's, so nothing here was written by an agent.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from authoring.replay.tally import Group, Replay

_WHATS = {
    "decision": "decided otherwise",
    "obligations": "other obligations",
    "reasons": "other reasons",
}


def document(replay: Replay) -> dict[str, Any]:
    """Everything, as JSON."""
    return {"version": "1", "flipped": replay.flipped, "mismatched": replay.mismatched, **asdict(replay)}


def markdown(replay: Replay) -> str:
    """For a pull request: the verdict, the groups, and what could not be asked."""
    parts = [f"### Replay of {replay.decisions} recorded decisions", "", summary(replay), ""]
    for title, groups in (
        ("Flips", replay.flips),
        ("The same decision for other reasons", replay.explained_otherwise),
        ("Not reproduced by the policy that made them", replay.mismatches),
    ):
        if groups:
            parts += [f"**{title}**", "", *_table(groups), ""]
    apart = left_out(replay)
    if apart:
        parts += ["**Not replayed**", "", *(f"- {count}: {why}" for why, count in apart), ""]
    parts.append(f"Candidate revision `{replay.candidate}`.")
    return "\n".join(parts) + "\n"


def summary(replay: Replay) -> str:
    """The verdict in a sentence or two."""
    said = [f"{replay.flipped} of {replay.reproduced} reproduced decisions flip."]
    if not replay.decisions:
        said = ["There is no decision in the log to replay."]
    elif not replay.reproduced:
        said = ["No decision could be replayed, so this says nothing of the candidate."]
    if replay.mismatched:
        said.append(
            f"{replay.mismatched} are not made again by the policy that the log says made them: look into that first."
        )
    if replay.older_form:
        said.append(
            f"{replay.older_form} were recorded before some fact existed, and were asked as if there was nothing of it."
        )
    return " ".join(said)


def left_out(replay: Replay) -> list[tuple[str, int]]:
    """What was not replayed, and how often: by why, then by revision."""
    found = list(replay.apart.items())
    for revision, count in replay.missing.items():
        why = replay.unusable.get(revision)
        name = f"revision {revision[:12]}" if revision else "no revision recorded"
        found.append((f"{name}: {why or 'its bundle is not kept'}", count))
    return found


def row_of(group: Group) -> tuple[str, str, str, str, str]:
    """A group in words: how many, what, from and to, by which rules, which role."""
    turned = (
        f"{group.before} to {group.after}"
        if group.what == "decision"
        else f"{group.before}, {_WHATS[group.what]}"
    )
    return str(group.count), turned, ", ".join(group.rules) or "-", group.role or "-", group.example


def _table(groups: Iterable[Group]) -> list[str]:
    lines = ["| decisions | turn | rule | role | for example |", "| ---: | --- | --- | --- | --- |"]
    for group in groups:
        count, turned, rules, role, example = (text.replace("|", "\\|") for text in row_of(group))
        rules = "; ".join(group.changed).replace("|", "\\|") or rules
        lines.append(f"| {count} | {turned} | `{rules}` | {role} | `{example}` |")
    return lines

"""A difference between policies as people, programs and pull requests read it; pure.

Every line says how it is known. Where a search found nothing, that is all that is said.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from authoring.difference.difference import Difference, Line

_MOST = 200
"""Lines of one list that are shown to people; JSON holds all."""


def document(found: Difference) -> dict[str, Any]:
    """Everything, as JSON."""
    return {
        "version": "1",
        "verdict": found.verdict,
        "loosens": found.loosens,
        "proven": found.searched is None,
        **asdict(found),
    }


def text(found: Difference) -> str:
    """For a terminal."""
    return "\n".join(_lines(found)) + "\n"


def markdown(found: Difference) -> str:
    """For a pull request."""
    lines = [f"### Policies: {found.verdict}", "", summary(found), ""]
    for title, part in _parts(found):
        lines += [f"**{title}**", "", "| known by | what | for example |", "| --- | --- | --- |"]
        lines += [f"| {_how(line)} | {_cell(line.what)} | {_cell(_example(line))} |" for line in part[:_MOST]]
        lines += ["", *_rest(part), ""]
    lines.append(f"From `{found.old[:12]}` to `{found.new[:12]}`.")
    return "\n".join(lines) + "\n"


def summary(found: Difference) -> str:
    """The verdict, and how it is known, in a few sentences."""
    said = [_VERDICTS[found.verdict]]
    searched = found.searched
    if searched is None:
        said.append("The rules of both are the same, byte for byte, so this is exact.")
        return " ".join(said)
    said.append(
        f"The rules differ: {searched.questions} questions were asked of both, {searched.differing} were answered"
        " otherwise. What a search does not find can still be there: this is no proof."
    )
    if searched.other_reasons:
        said.append(f"{searched.other_reasons} were answered alike for other reasons.")
    if searched.not_understood:
        said.append(
            f"{searched.not_understood} questions one of both does not understand (input_incomplete): it is of another"
            " release, and nothing is said of them."
        )
    return " ".join(said)


_VERDICTS = {
    "equal": "No difference was found.",
    "tightened": "Tightened: nothing was found that is let through more than before.",
    "loosened": "Loosened: what is new is only let through more.",
    "both": "Both: some of it is let through more, some less.",
}
_TITLES = {"loosened": "Loosened", "both": "Neither more nor less, but otherwise", "tightened": "Tightened"}


def _parts(found: Difference) -> Iterator[tuple[str, list[Line]]]:
    for direction, title in _TITLES.items():
        part = [line for line in found.lines if line.direction == direction]
        if part:
            yield title, part


def _lines(found: Difference) -> Iterator[str]:
    yield f"{found.old[:12]} -> {found.new[:12]}: {found.verdict}"
    for title, part in _parts(found):
        yield from ("", title)
        for line in part[:_MOST]:
            yield f"  [{_how(line)}] {line.what}"
            if line.example:
                yield f"      {_example(line)}"
        yield from (f"  {rest}" for rest in _rest(part))
    yield from ("", summary(found))


def _rest(part: list[Line]) -> list[str]:
    return [f"and {len(part) - _MOST} more; --format json lists all."] if len(part) > _MOST else []


def _how(line: Line) -> str:
    return line.how if line.count == 1 else f"{line.how}, {line.count} questions"


def _example(line: Line) -> str:
    return json.dumps(line.example) if line.example else ""


def _cell(content: str) -> str:
    return content.replace("|", "\\|").replace("\n", " ")

"""What `doorless policy explain ID` does: find the decision in the log, explain it, print it."""

import sys
from dataclasses import asdict
from typing import Literal

import msgspec

from audit.entry import DecisionEntry, Document
from authoring.explain.explain import explain
from authoring.explain.explanation import Explanation
from authoring.explain.page import page
from authoring.explain.text import lines
from authoring.replay.replay import Source
from doorless.child import printable
from doorless.home import Home
from doorless.log.reading import indexed, unknown
from doorless.log.show import input_beside
from doorless.policy.replay import find_pinned_opa

Form = Literal["text", "json", "html"]


def explain_decision(home: Home, name: str) -> Explanation:
    """Explain the decision of that id. Raises `Problem` where the log knows none such."""
    source = Source(home.log, home.bundles, find_pinned_opa())
    with indexed(home) as lookup:
        story = lookup.decision(name)
        if story is None or not isinstance(story.decision.entry, DecisionEntry):
            raise unknown(name)
        entry = story.decision.entry
        document: Document | str = (
            entry.input
            if entry.input is not None
            else input_beside(home.log, story.decision, lookup) or _no_input(entry)
        )
    return explain(source, story.decision.seq, entry, document)


def show(told: Explanation, form: Form) -> None:
    """Print it."""
    match form:
        case "json":
            document = {"version": "1", **asdict(told)}
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        case "html":
            sys.stdout.write(page(told))
        case "text":
            sys.stdout.writelines(f"{printable(line)}\n" for line in lines(told))


def _no_input(entry: DecisionEntry) -> str:
    if entry.kind == "refusal":
        return "The request was refused before it could be described, so policy was not asked."
    return "The entry holds no input, so policy cannot be asked again."

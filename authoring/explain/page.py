"""An explanation as one HTML page that needs nothing else: no script, no address, no font; pure.

Built as a tree, so every text is escaped by the library that writes it: much of it was chosen by an agent.
"""

import datetime as dt
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, tostring

from authoring.explain.explanation import Explanation, Fact, RuleSeen

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #1c2430;
  background: #fff; }
h1 { font-size: 1.3rem; margin: 0 0 .2rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
code, .at { font: 13px/1.5 ui-monospace, monospace; } .at, .dim { color: #5b6675; } .at { overflow-wrap: anywhere; }
.word { display: inline-block; padding: 0 .6rem; border-radius: .3rem; color: #fff; text-transform: uppercase; }
.allow { background: #1a7f37; } .deny { background: #b3261e; } .hold { background: #8a6100; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .8rem 0; }
dt { color: #5b6675; } dd { margin: 0; overflow-wrap: anywhere; }
.reason, details { border: 1px solid #d5dae1; border-radius: .4rem; padding: .6rem .9rem; margin: .5rem 0; }
.reason { border-left: .3rem solid #b3261e; } .note { border-left-color: #8a6100; }
.held, .allowed { border-left-color: #1a7f37; }
summary { cursor: pointer; } summary .at { float: right; }
table { border-collapse: collapse; margin: .4rem 0; width: 100%; } td { padding: .1rem .8rem .1rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; } td { overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #14181e; color: #dde3ea; } .at, .dim, dt { color: #93a0b0; }
  .reason, details { border-color: #38424f; } }
"""


def page(explanation: Explanation) -> str:
    """The whole page."""
    html = Element("html", lang="en")
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "title").text = f"{explanation.decision} {explanation.id}"
    SubElement(head, "style").text = _STYLE
    body = SubElement(html, "body")
    _head(body, explanation)
    for note in explanation.notes:
        _text(SubElement(body, "div", {"class": "reason note"}), "div", note)
    _reasons(body, explanation)
    _rules(body, "Rules that spoke", explanation.fired)
    _rules(body, "Rules that kept silent", explanation.silent)
    return "<!doctype html>\n" + tostring(html, encoding="unicode", method="html") + "\n"


def _head(body: Element, told: Explanation) -> None:
    title = SubElement(body, "h1")
    _text(title, "span", told.decision, f"word {told.decision}")
    _text(title, "span", f" {told.asked}")
    _text(body, "div", told.id, "at")
    when = dt.datetime.fromtimestamp(told.time_ms / 1000, tz=dt.UTC)
    facts = SubElement(body, "dl")
    for name, value in (
        ("decided by", told.by),
        ("role", told.role),
        ("workflow", told.workflow or "none"),
        ("time", f"{when:%Y-%m-%d %H:%M:%S} UTC, entry {told.seq} of the log"),
        ("policy revision", told.revision or "none"),
        ("obliges to", "; ".join(told.obligations) or "nothing"),
    ):
        _text(facts, "dt", name)
        _text(facts, "dd", value)


def _reasons(body: Element, told: Explanation) -> None:
    if not told.reasons:
        return
    SubElement(body, "h2").text = "Reasons, as recorded"
    for reason in told.reasons:
        box = SubElement(body, "div", {"class": "reason"})
        _text(box, "div", reason.message)
        if reason.remedy:
            _text(box, "div", f"What to do: {reason.remedy}")
        place = f" · {reason.file}:{reason.line}" if reason.file else ""
        _text(box, "div", f"{reason.code} · {reason.rule}{place} · for the {reason.audience}", "at")


def _rules(body: Element, title: str, rules: Iterable[RuleSeen]) -> None:
    found = tuple(rules)
    if not found:
        return
    SubElement(body, "h2").text = f"{title} ({len(found)})"
    for rule in found:
        # What spoke is open: that is what somebody came for.
        box = SubElement(body, "details", {"open": ""} if rule.spoke else {})
        summary = SubElement(box, "summary")
        _text(summary, "code", rule.rule.rpartition(".")[2])
        _text(
            summary,
            "span",
            f" {rule.part}{'' if rule.heard or not rule.spoke else ', without effect here'}",
            "dim",
        )
        _text(summary, "span", f"{rule.file}:{rule.line}", "at")
        _text(box, "div", rule.title)
        for stop in rule.stops:
            line = SubElement(box, "div")
            _text(line, "span", "did not hold: ", "dim")
            _text(line, "code", stop.text)
            _text(line, "div", f"{stop.file}:{stop.line}", "at")
            _facts(box, stop.variables)
        _facts(box, rule.facts)


def _facts(box: Element, facts: tuple[Fact, ...]) -> None:
    if not facts:
        return
    table = SubElement(box, "table")
    for fact in facts:
        row = SubElement(table, "tr")
        _text(SubElement(row, "td"), "code", fact.name)
        _text(SubElement(row, "td"), "code", fact.value)


def _text(parent: Element, tag: str, text: str, kind: str = "") -> None:
    element = SubElement(parent, tag, {"class": kind} if kind else {})
    # XML knows no control characters; a browser would show nothing for them anyway.
    element.text = "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)

"""Explains one recorded decision with the revision of the policies that made it: rules, values, file and line.

Evaluates again with the recorded input, says so where that comes out otherwise, and explains what the gateway decided by
itself from the entry alone. Writes nothing.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from audit.entry import DecisionEntry, Document, encode_document
from authoring.explain.evaluation import Evaluation, Failure, NotEvaluated, evaluate
from authoring.explain.explanation import ABSENT, Explanation, Fact, RuleSeen, Spoken, Stop, short
from authoring.explain.policy_source import PolicySource, SourceUnreadable, Title, read_source
from authoring.explain.references import Reference
from authoring.replay.replay import Source, kept_bundle

_PARTS: Mapping[str, Any] = {
    part: part for part in ("grant", "lacks", "deny", "hold", "obligation", "attempt")
}
_DEEPEST = 6
_INDEXED = "(a comparison with a constant, which OPA's index ruled out beforehand)"


def explain(source: Source, seq: int, entry: DecisionEntry, document: Document | str) -> Explanation:
    """Explain an entry of the log. `document` is what policy was shown, or why that is not known any more."""
    notes: list[str] = []
    told: Told | None = None
    if isinstance(document, str):
        notes.append(document)
    else:
        told = _told(source, entry, document, notes)
    texts = told.source if told else None
    return Explanation(
        id=entry.id,
        seq=seq,
        time_ms=entry.time,
        kind=entry.kind,
        workflow=entry.workflow,
        role=entry.role,
        decision=entry.decision,
        by=_decided_by(entry),
        revision=entry.revision,
        asked=_asked(entry, document),
        reasons=tuple(_reasons(entry, texts, told.evaluation.document if told else None)),
        obligations=tuple(f"{each.type} {_json(each.properties)}" for each in entry.obligations),
        rules=tuple(told.rules()) if told else (),
        notes=tuple(notes),
    )


class Told:
    """What an evaluation tells, together with the text of the policies."""

    def __init__(self, source: PolicySource, evaluation: Evaluation, kind: str, document: Document) -> None:
        self.source = source
        self.evaluation = evaluation
        self._kind = kind
        self._roots: Mapping[str, Any] = {"input": document, "data": source.data}
        granted = any(rules.get("grant") for rules in evaluation.rules.values())
        owed = _word(evaluation.document or {}) != "deny"
        self._without_effect = {"lacks"} if granted else set()
        self._without_effect |= set() if owed else {"obligation"}

    def rules(self) -> Iterator[RuleSeen]:
        """Every rule and veto of the area, those that spoke first."""
        seen = [
            self._seen((self._kind, *folder, part), values.get(part))
            for folder, values in sorted(self.evaluation.rules.items())
            for part in _PARTS
            if self._defines((self._kind, *folder, part))
        ]
        yield from sorted(seen, key=lambda rule: not rule.spoke)

    def _defines(self, rule: tuple[str, ...]) -> bool:
        return any(
            module.package == rule[:-1] and rule[-1] in module.rules
            for module in self.source.modules.values()
        )

    def _seen(self, rule: tuple[str, ...], value: Any) -> RuleSeen:
        title = self.source.title_of(rule)
        spoke = bool(value)
        return RuleSeen(
            rule=".".join(rule[:-1]),
            part=_PARTS[rule[-1]],
            spoke=spoke,
            heard=spoke and rule[-1] not in self._without_effect,
            title=title.title,
            code=title.code,
            file=title.file,
            line=title.line,
            stops=() if spoke else tuple(self._stops(rule, set())) or self._ruled_out(title),
            facts=tuple(self._facts(rule)),
        )

    def _stops(self, rule: tuple[str, ...], seen: set[tuple[str, ...]]) -> Iterator[Stop]:
        """The conditions that did not hold: the last one of each definition, then those of the rule it asked."""
        seen.add(rule)
        for failure in self._last_failures(rule):
            yield Stop(
                failure.file,
                failure.line,
                self.source.condition(failure.file, failure.line, failure.column),
                tuple(Fact(name, _short(value)) for name, value in failure.values.items()),
            )
            for called in failure.calls:
                known = self._rule_of(called)
                if known is not None and known not in seen and len(seen) < _DEEPEST:
                    yield from self._stops(known, seen)

    def _ruled_out(self, title: Title) -> tuple[Stop, ...]:
        """What is said of a rule of which OPA tried no condition."""
        return (Stop(title.file, title.line, _INDEXED, ()),) if self.evaluation.traced else ()

    def _last_failures(self, rule: tuple[str, ...]) -> list[Failure]:
        files = {name for name, module in self.source.modules.items() if module.package == rule[:-1]}
        last: dict[int, Failure] = {}
        for failure in self.evaluation.failures:
            file, line, name = failure.rule
            if file in files and name == rule[-1]:
                last[line] = failure
        return list(last.values())

    def _rule_of(self, path: tuple[str, ...]) -> tuple[str, ...] | None:
        return next((path[:end] for end in range(len(path), 0, -1) if self._defines(path[:end])), None)

    def _facts(self, rule: tuple[str, ...]) -> Iterator[Fact]:
        shown: set[str] = set()
        for reference in self.source.looked_at(rule):
            name, value = self._resolved(reference)
            if name not in shown and reference.parts:
                shown.add(name)
                yield Fact(name, ABSENT if value is ABSENT else _short(value))

    def _resolved(self, reference: Reference) -> tuple[str, Any]:
        name, value = reference.root, self._roots[reference.root]
        for part in reference.parts:
            key = part if isinstance(part, str) else self._resolved(part)[1]
            plain = isinstance(part, str) and part.isidentifier()
            name += f".{key}" if plain else f"[{_json(key)}]"
            known = isinstance(value, Mapping) and isinstance(key, str) and key in value and key is not ABSENT
            value = value[key] if known else ABSENT
        return name, value


def _told(source: Source, entry: DecisionEntry, document: Document, notes: list[str]) -> Told | None:
    bundle = kept_bundle(source.bundles, entry.revision)
    if bundle is None:
        notes.append("The bundle of the revision that decided is not kept, so no rule of it can be shown.")
        return None
    if entry.kind not in {"request", "token", "change"}:
        return None
    try:
        texts = read_source(bundle, source.opa)
        evaluation = evaluate(source.opa, bundle, entry.kind, encode_document(document))
    except (SourceUnreadable, NotEvaluated) as error:
        notes.append(f"The revision that decided cannot be evaluated again: {error}")
        return None
    if not evaluation.traced:
        notes.append("The input is large: which conditions did not hold is not shown.")
    notes.extend(_disagreement(entry, evaluation.document))
    return Told(texts, evaluation, entry.kind, document)


def _disagreement(entry: DecisionEntry, document: Mapping[str, Any] | None) -> Iterator[str]:
    """Whether the same revision says now what it said then; the gateway's own decisions have their own note."""
    if document is None:
        yield "Policy has no answer to this question."
        return
    word = _word(document)
    if entry.source == "gateway":
        yield f"Policy itself said {word}; the decision is the gateway's."
    elif word != entry.decision:
        yield f"NOT REPRODUCED: asked again, this revision says {word}. `doorless policy replay` looks further."


def _word(document: Mapping[str, Any]) -> str:
    if document.get("hold"):
        return "hold"
    return "allow" if document.get("allow") is True else "deny"


def _reasons(
    entry: DecisionEntry, texts: PolicySource | None, document: Mapping[str, Any] | None
) -> Iterator[Spoken]:
    remedies = {
        (each.get("rule"), each.get("message")): str(each.get("remedy", ""))
        for each in (document or {}).get("reasons", ())
    }
    for reason in entry.reasons:
        title = _title_of(texts, reason.rule, reason.code)
        yield Spoken(
            code=reason.code,
            rule=reason.rule,
            message=reason.message,
            remedy=remedies.get((reason.rule, reason.message)) or (title[0] if title else ""),
            audience=reason.audience,
            file=title[1] if title else "",
            line=title[2] if title else 0,
        )


def _title_of(texts: PolicySource | None, rule: str, code: str) -> tuple[str, str, int] | None:
    for path, title in texts.titles.items() if texts else ():
        if title.code == code and ".".join(path[:-1]) == rule:
            return title.remedy, title.file, title.line
    return None


def _decided_by(entry: DecisionEntry) -> str:
    if entry.source == "policy":
        return "policy"
    parts = ", ".join(sorted({reason.rule for reason in entry.reasons if reason.rule})) or "gateway"
    if entry.kind == "refusal":
        return f"{parts}: the request was refused before policy was asked"
    if any(
        reason.code.startswith(("pdp_", "decision_", "obligation_unsupported")) for reason in entry.reasons
    ):
        return f"{parts}: policy gave no answer that could be followed, which is a denial"
    return f"{parts}: decided beside policy's own answer"


def _asked(entry: DecisionEntry, document: Document | str) -> str:
    if entry.kind == "refusal":
        request = entry.request
        return f"{request.method} {request.target}" if request else ""  # already printable
    if isinstance(document, str):
        return ""
    match entry.kind:
        case "request":
            query = f"?{document.get('query')}" if document.get("query") else ""
            return f"{document.get('method')} {document.get('service')}{document.get('path')}{query}"
        case "change":
            return f"{document.get('action')} in {document.get('repository') or 'a repository'}"
        case _:
            only = document.get("only")
            return f"tokens for {' '.join(map(str, only)) if only else 'the whole role'}"


def _short(value: Any) -> str:
    return short(value, _json(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)

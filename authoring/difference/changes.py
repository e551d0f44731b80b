"""Changes and juries' votes that a search asks about: every role at every door of a change, its facts at their edges."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from authoring.difference.requests import NOW, approvals
from authoring.difference.subject import Subject, Variation
from authoring.difference.words import Words
from decision.canary_questions import STRANGER
from decision.change import (
    BaseFact,
    ChangeFacts,
    EvidenceState,
    FileFact,
    IrregularKind,
    Person,
    RefFact,
    Totals,
)
from decision.config import Configuration
from decision.jury import JurorFact, JuryFinding, JuryQuestion, Vote
from decision.path_patterns import fold
from decision.question import ChangeQuestion

_WORKFLOW = "wf-search"
_NAMESPACE = f"refs/heads/agent/{_WORKFLOW}/"
_ME = Person(name="search", email="search@agents.example")
_KINDS = ("schema", "semgrep", "tests", "jury")
_MOST_PATHS = 20
"""Of protected and forbidden patterns, one path of each."""


def changes(configuration: Configuration, words: Words) -> Iterator[Subject]:
    """Every role at every door: a check, and on each service that holds repositories a push, a proposal, a merge."""
    services = [name for name, of in configuration.catalogue.services.items() if of.git is not None]
    for role in (*configuration.roles, STRANGER):
        grants = configuration.compiled["grants"].get(role, {})
        named = tuple(_named(words))
        whole = tuple(_variations(configuration, role))
        in_vain = tuple(approvals(configuration))
        yield _subject(configuration, role, ("", "check"), (whole, named))
        for service in services:
            for action in ("create-branch", "create-pr", "merge"):
                granted = action in grants.get(service, {})
                door = (service, action)
                variations = (whole if granted else in_vain, named)
                yield _subject(configuration, role, door, variations, paired=granted)


def verdicts(configuration: Configuration) -> Iterator[Subject]:
    """Votes on every type of document."""
    outputs = {route.output for of in configuration.catalogue.services.values() for route in of.routes}
    roster = (
        JurorFact(name="one", vendor="a", model="m"),
        JurorFact(name="two", vendor="b", model="m"),
        JurorFact(name="three", vendor="b", model="m"),
    )
    for kind in sorted(outputs - {""} | {STRANGER}):
        question = JuryQuestion(now=NOW, type=kind, digest="0" * 64, roster=roster, votes=())
        variations = (*({"votes": msgspec.to_builtins(votes)} for votes in _votes()), {"roster": []})
        yield Subject("jury", msgspec.to_builtins(question), {"jury on": kind}, variations)


def _votes() -> Iterator[tuple[Vote, ...]]:
    finding = JuryFinding(title="It does harm.", quote="harm")
    for confidence in (0, 50, 79, 80, 81, 90, 100):
        yield tuple(
            Vote(juror=name, verdict="pass", confidence=confidence) for name in ("one", "two", "three")
        )
        yield tuple(Vote(juror=name, verdict="pass", confidence=confidence) for name in ("one", "two"))
        veto = Vote(juror="three", verdict="veto", confidence=confidence, findings=(finding,))
        yield (Vote(juror="one", verdict="pass", confidence=100), veto)
    yield (Vote(juror="one", verdict="pass", confidence=100),)
    yield (Vote(juror="one", verdict="no_verdict", confidence=0, why="timeout"),)


def _subject(
    configuration: Configuration,
    role: str,
    door: tuple[str, Any],
    variations: tuple[tuple[Variation, ...], tuple[Variation, ...]],
    *,
    paired: bool = True,
) -> Subject:
    service, action = door
    git = configuration.catalogue.services[service].git if service else None
    base = git.base if git else "main"
    question = ChangeQuestion(
        now=NOW,
        workflow=_WORKFLOW if service else "",
        role=role,
        scope=(action,) if service else (),
        service=service,
        repository="acme/shop" if service else "",
        action=action,
        data="",
        via=_DOORS[action],
        identity=_ME,
        namespace=_NAMESPACE if service else "",
        facts=_facts(base),
        findings=(),
        evidence=dict.fromkeys(_KINDS, "passed"),
        require=(),
    )
    example = {"role": role, "service": service, "action": action}
    staging = tuple(
        {"facts.base": {"ref": branch, "commit": "1" * 40}} for branch in (git.staging if git else ())
    )
    others, named = variations
    return Subject("change", msgspec.to_builtins(question), example, (*others, *staging), named, paired)


_DOORS: dict[str, Any] = {"check": "check", "create-branch": "push", "create-pr": "api", "merge": "api"}


def _facts(base: str) -> ChangeFacts:
    return ChangeFacts(
        refs=(RefFact(name=f"{_NAMESPACE}work", old="0" * 40, new="2" * 40, change="create"),),
        base=BaseFact(ref=base, commit="1" * 40),
        head="2" * 40,
        merge_base="1" * 40,
        files=(_file("src/app.txt"),),
        touched=(),
        commits=(),
        secrets=(),
        irregular=(),
        totals=Totals(files=1, lines=1, bytes=10),
    )


def _file(path: str, mode: str = "100644") -> FileFact:
    return FileFact(
        path=path,
        folded=fold(path),
        change="modify",
        old_mode="100644",
        new_mode=mode,
        lines=1,
        bytes=10,
        binary=False,
    )


def _variations(configuration: Configuration, role: str) -> Iterator[Variation]:
    yield from _paths(configuration, role)
    of = configuration.compiled["roles"].get(role, {})
    for key, field in (("max_files_changed", "files"), ("max_diff_lines", "lines")):
        for number in (of[key], of[key] + 1) if key in of else ():
            yield {"facts.totals": {"files": 1, "lines": 1, "bytes": 10} | {field: number}}
    for kind in get_args(IrregularKind):
        yield {"facts.irregular": [{"kind": kind, "path": "src/app.txt", "detail": ""}]}
    for mode in ("100755", "120000", "160000"):
        yield {"facts.files": [msgspec.to_builtins(_file("src/app.txt", mode))]}
    yield from _evidence()
    yield from _refs()
    yield {"facts.secrets": [{"rule": "key", "path": "src/app.txt", "commit": "2" * 40, "line": 1}]}
    yield {"facts.commits": [_commit(_ME)]}
    yield {"facts.commits": [_commit(Person(name="another", email="another@example.com"))]}
    yield {"facts.merge_base": ""}
    for name in ("grants_subset", "new_deny_rule"):
        yield {"protected_change": {"grants_subset": False, "new_deny_rule": False, name: True}}
    for scope in ([], [STRANGER]):
        yield {"scope": scope}
    yield from approvals(configuration)


def _paths(configuration: Configuration, role: str) -> Iterator[Variation]:
    """One path of each pattern, as far as there are not too many."""
    patterns = [
        rule.pattern for rule in configuration.path_rules if rule.kind == "protected" or rule.owner == role
    ]
    step = -(-len(patterns) // _MOST_PATHS) or 1
    paths = [pattern.removeprefix("**/").replace("*", "x") for pattern in patterns[::step]]
    for path in dict.fromkeys(("policies/roles.yaml", *paths)):
        yield {"facts.files": [msgspec.to_builtins(_file(path))]}
    yield {"facts.touched": [{"path": path, "folded": fold(path), "mode": "100644"} for path in paths[:1]]}


def _named(words: Words) -> Iterator[Variation]:
    """What the rules themselves name."""
    for text in words.texts:
        yield {"facts.files": [msgspec.to_builtins(_file(text.lstrip("/")))]}
        yield {"repository": text}
    for number in words.numbers:
        yield {"now": number}
        yield {"facts.totals": {"files": number, "lines": 1, "bytes": 10}}
        yield {"facts.totals": {"files": 1, "lines": number, "bytes": 10}}


def _evidence() -> Iterator[Variation]:
    for kind in _KINDS:
        for state in get_args(EvidenceState):
            yield {"evidence": dict.fromkeys(_KINDS, "passed") | {kind: state}}
    yield {"evidence": {}}
    yield {"require": ["tests"], "evidence": {}}
    for severity in ("INFO", "WARNING", "ERROR"):
        finding = {"rule": "r", "path": "src/app.txt", "line": 1, "severity": severity, "message": "m"}
        yield {"findings": [finding]}


def _refs() -> Iterator[Variation]:
    for change in ("update", "delete", "force"):
        yield {
            "facts.refs": [{"name": f"{_NAMESPACE}work", "old": "1" * 40, "new": "2" * 40, "change": change}]
        }
    for name in ("refs/heads/main", "refs/tags/v1", "refs/heads/agent/another/work"):
        yield {"facts.refs": [{"name": name, "old": "0" * 40, "new": "2" * 40, "change": "create"}]}
    yield {"facts.base": {"ref": "elsewhere", "commit": "1" * 40}}


def _commit(author: Person) -> dict[str, Any]:
    who = msgspec.to_builtins(author)
    return {
        "id": "2" * 40,
        "parents": 1,
        "author": who,
        "committer": who,
        "co_authors": [],
        "signature": "none",
    }

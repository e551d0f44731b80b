"""Which way a change of policies goes: exact for what the files say, searched by the real OPA for what the rules do."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from hypothesis import given, settings, strategies as st
from pydantic import BaseModel

from authoring.difference.difference import Difference, exact
from authoring.difference.report import document, markdown, text
from authoring.difference.search import way
from authoring.difference.sources import NoSuchPolicies, difference_between, folder_of
from authoring.difference.terms import terms
from authoring.said import Said, Word
from decision.bundle import build_bundle
from decision.config import load_policies
from decision.roles import RoleEntry, RoleLimits
from decision.services import GitEntry, PushEntry, RouteEntry, ServiceEntry, ServiceLimits, ServicesFile
from doorless.commands.policy_diff import diff
from doorless.problem import Problem
from tests.authoring.histories import SHIPPED

SERVICES: dict[str, Any] = {
    "notes": {
        "upstream": "https://notes.example",
        "credential": "notes-key",
        "request_headers": ["x-more"],
        "routes": {
            "show": {"method": "GET", "path": "/notes/{id}", "action": "read", "data": "notes"},
            "add": {"method": "POST", "path": "/notes", "action": "write", "data": "notes"},
            "drop": {
                "method": "DELETE",
                "path": "/notes/{id}",
                "action": "drop",
                "data": "notes",
                "irreversible": True,
            },
        },
    },
    "code": {
        "upstream": "https://code.example",
        "routes": {"pulls": {"method": "GET", "path": "/pulls", "action": "list"}},
        "git": {
            "upstream": "https://code.example",
            "staging": ["staging"],
            "push": {"require_evidence": ["semgrep"]},
        },
    },
}
ROLES: dict[str, Any] = {
    "worker": {
        "services": ["notes", "code"],
        "actions": ["read", "drop", "create-branch"],
        "data": ["notes"],
        "limits": {"max_requests_per_min": 30, "max_diff_lines": 100, "max_body_bytes": 500},
        "forbidden_paths": ["auth/*", ".ci/*"],
        "special_files": ["symlink"],
    },
    "people": {"agent": False},
    "meta-workflow": {"services": ["notes"], "actions": ["read"], "data": ["notes"]},
}
PROTECTED: dict[str, Any] = {"tests": {"reason": "Proof.", "patterns": ["**/tests/*", "policies/*"]}}
APPROVALS: dict[str, Any] = {"irreversible": {"approvers": ["ann", "bob"], "needed": 2, "expires_in_s": 600}}

Tree = dict[str, Any]
Alter = Callable[[Tree], object]


def tree() -> Tree:
    """All four files, to be altered."""
    files = {
        "roles": ROLES,
        "services": SERVICES,
        "classes": PROTECTED,
        "templates": APPROVALS,
        "sensitive": [],
    }
    copied: Tree = json.loads(json.dumps(files))
    return copied


def write(folder: Path, of: Tree) -> Path:
    """The files in a folder."""
    folder.mkdir(exist_ok=True)
    for name, keys in (
        ("roles", ["roles"]),
        ("services", ["services", "sensitive"]),
        ("protected", ["classes"]),
        ("approvals", ["templates"]),
    ):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({key: of[key] for key in keys}))
    return folder


def lines_of(alter: Alter) -> list[tuple[str, str]]:
    """Direction and text of each difference that an alteration makes."""
    after = tree()
    alter(after)
    with tempfile.TemporaryDirectory() as made:
        old = load_policies(write(Path(made, "old"), tree()))
        new = load_policies(write(Path(made, "new"), after))
    return [(line.direction, line.what) for line in exact(terms(old), terms(new))]


CASES: dict[str, tuple[Alter, str, str]] = {
    "a grant": (
        lambda t: t["roles"]["worker"]["actions"].append("write"),
        "loosened",
        "worker may write:notes",
    ),
    "a limit": (
        lambda t: t["roles"]["worker"]["limits"].update(max_diff_lines=101),
        "loosened",
        "100 -> 101",
    ),
    "no limit": (lambda t: t["roles"]["worker"]["limits"].pop("max_diff_lines"), "loosened", "without limit"),
    "a body": (lambda t: t["roles"]["worker"]["limits"].pop("max_body_bytes"), "loosened", "bytes of a body"),
    "a path": (lambda t: t["roles"]["worker"]["forbidden_paths"].pop(), "loosened", ".ci/* (no longer)"),
    "a special file": (
        lambda t: t["roles"]["worker"]["special_files"].append("mode"),
        "loosened",
        "mode (new)",
    ),
    "a role": (lambda t: t["roles"].update(more={}), "loosened", "there is a role more"),
    "a service to know": (
        lambda t: t["roles"]["meta-workflow"]["services"].append("code"),
        "loosened",
        "knows",
    ),
    "a protected path": (
        lambda t: t["classes"]["tests"]["patterns"].pop(),
        "loosened",
        "policies/* (no longer)",
    ),
    "no wait": (
        lambda t: t["services"]["notes"]["routes"]["drop"].update(irreversible=False),
        "loosened",
        "drop of notes waits for a person (no longer)",
    ),
    "an approver": (
        lambda t: t["templates"]["irreversible"]["approvers"].append("eve"),
        "loosened",
        "eve may",
    ),
    "fewer approvers": (lambda t: t["templates"]["irreversible"].update(needed=1), "loosened", "2 -> 1"),
    "a longer wait": (
        lambda t: t["templates"]["irreversible"].update(expires_in_s=700),
        "loosened",
        "600 -> 700",
    ),
    "a staging branch": (
        lambda t: t["services"]["code"]["git"]["staging"].append("main"),
        "loosened",
        "main",
    ),
    "less evidence": (
        lambda t: t["services"]["code"]["git"].update(push={}),
        "loosened",
        "semgrep passed (no",
    ),
    "a header": (lambda t: t["services"]["notes"]["request_headers"].append("x-b"), "loosened", "x-b (new)"),
    "a host": (lambda t: t["services"]["notes"].update(hosts=["n.example"]), "loosened", "a host through"),
    "a longer answer": (
        lambda t: t["services"]["notes"].update(limits={"timeout_s": 31}),
        "loosened",
        "30 -> 31",
    ),
    "a slash": (
        lambda t: t["services"]["notes"]["routes"]["show"].update(params={"id": {"encoded_slash": True}}),
        "loosened",
        "encoded slash (new)",
    ),
    "this machine": (
        lambda t: t["services"]["notes"].update(allow_loopback=True),
        "loosened",
        "on this machine",
    ),
    "another place": (
        lambda t: t["services"]["notes"].update(upstream="https://n.example"),
        "both",
        "where notes is",
    ),
    "another credential": (lambda t: t["services"]["notes"].update(credential="other"), "both", "-> other"),
    "another meaning": (
        lambda t: t["services"]["notes"]["routes"]["show"].update(path="/other/{id}"),
        "both",
        "GET /notes/{id} -> GET /other/{id}",
    ),
    "sensitive data": (lambda t: t["sensitive"].append("notes"), "tightened", "notes must not leave"),
    "a search": (lambda t: t["services"]["notes"].update(scan_bodies=True), "tightened", "are searched"),
    "a validation": (
        lambda t: (
            t["roles"]["worker"]["actions"].append("write"),
            t["services"]["notes"]["routes"]["add"].update(output="note"),
        ),
        "loosened",
        "worker may write",
    ),
    "one wait more": (
        lambda t: t["roles"]["worker"]["limits"].update(hold_after_denials=3),
        "tightened",
        "without limit -> 3",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_thing_goes_its_way(case: str) -> None:
    """A line that says so, and none in another direction."""
    alter, direction, said = CASES[case]
    found = lines_of(alter)
    assert [what for _, what in found if said in what], found
    assert {way for way, _ in found} == {direction}, found


def test_people_and_agents_are_no_order() -> None:
    """A role that becomes people's is held by no protected path, and no workflow has it: both."""
    found = lines_of(lambda t: t["roles"].update({"meta-workflow": {"agent": False}}))
    assert {"loosened", "tightened"} == {way for way, _ in found}


def test_what_says_nothing_new_is_no_difference() -> None:
    """Order, a path that is forbidden already, a reason's words, a service that nobody has."""

    def alter(of: Tree) -> None:
        of["roles"]["worker"]["forbidden_paths"] = [".ci/*", ".ci/deep/*", "auth/*", "x/tests/*"]
        of["roles"]["worker"]["actions"].reverse()
        of["classes"]["tests"]["reason"] = "Otherwise."
        of["services"]["unused"] = {"upstream": "https://x.example", "routes": SERVICES["code"]["routes"]}

    assert lines_of(alter) == []


def test_without_protected_paths_everything_is_protected(tmp_path: Path) -> None:
    """Policy then denies every change of an agent: that is tighter."""
    old, new = (write(tmp_path / name, tree()) for name in ("old", "new"))
    (new / "protected.yaml").unlink()
    found = exact(terms(load_policies(old)), terms(load_policies(new)))
    assert ("tightened", "no agent changes * (new)") in {(line.direction, line.what) for line in found}


def test_an_example_shows_each_grant(tmp_path: Path) -> None:
    """A request, a change, a number beyond the limit."""
    after = tree()
    after["roles"]["worker"]["actions"].append("write")
    after["roles"]["worker"]["forbidden_paths"].pop(0)
    old, new = (load_policies(write(tmp_path / name, of)) for name, of in (("old", tree()), ("new", after)))
    examples = [line.example for line in exact(terms(old), terms(new))]
    assert {"role": "worker", "service": "notes", "method": "POST", "path": "/notes"} in examples
    assert {"role": "worker", "change": {"path": "auth/x"}} in examples


def test_every_key_of_the_files_is_known() -> None:
    """A key that is new must be given a term, or be named here as one that lets nothing through."""
    known: dict[type[BaseModel], set[str]] = {
        RoleEntry: {"agent", "services", "actions", "data", "limits", "forbidden_paths", "special_files"},
        RoleLimits: {
            *("max_requests_per_min", "max_diff_lines", "max_files_changed", "max_body_bytes"),
            *("max_tokens_per_workflow", "max_tokens_per_day", "hold_after_denials"),
        },
        ServicesFile: {"services", "sensitive"},
        # `errors` is the shape of refusals, `personal` where they are recorded.
        ServiceEntry: {
            *("upstream", "allow_loopback", "credential", "errors", "hosts", "request_headers"),
            *("response_headers", "ca_file", "scan_bodies", "personal", "limits", "routes", "git"),
        },
        ServiceLimits: {"max_body_bytes", "timeout_s"},
        RouteEntry: {
            *("method", "path", "action", "data", "irreversible", "output", "people_credential", "params"),
        },
        GitEntry: {"upstream", "allow_loopback", "credential", "base", "staging", "fetch", "push"},
        PushEntry: {"action", "data", "require_evidence", "max_bytes"},
    }
    for model, keys in known.items():
        assert set(model.model_fields) == keys, model.__name__


WORDS = {
    "services": ["notes", "code"],
    "actions": ["read", "drop", "create-branch", "write", "list"],
    "data": ["notes"],
    "forbidden_paths": ["auth/*", ".ci/*", "src/*"],
    "special_files": ["symlink", "mode"],
}


@st.composite
def workers(draw: st.DrawFn) -> dict[str, Any]:
    """A role in any of its forms."""
    role: dict[str, Any] = {
        key: draw(st.lists(st.sampled_from(words), unique=True, min_size=key in {"services", "actions"}))
        for key, words in WORDS.items()
    }
    role["limits"] = {
        key: draw(st.integers(1, 3))
        for key in ("max_requests_per_min", "max_diff_lines")
        if draw(st.booleans())
    }
    return role


def verdict(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The directions between two workers."""
    trees = []
    for role in (before, after):
        of = tree()
        of["roles"]["worker"] = role
        trees.append(of)
    with tempfile.TemporaryDirectory() as made:
        old, new = (load_policies(write(Path(made, str(n)), of)) for n, of in enumerate(trees))
        found = exact(terms(old), terms(new))
        grants = old.compiled["grants"], new.compiled["grants"]
    if grants[0] != grants[1]:
        assert found
    return {line.direction for line in found}


@settings(max_examples=20, deadline=None)
@given(role=workers(), data=st.data())
def test_whatever_is_taken_away_tightens(role: dict[str, Any], data: st.DataObject) -> None:
    """A narrowing is tightened or no difference, never anything else; backwards it is loosened."""
    narrower = json.loads(json.dumps(role))
    for key in ("services", "actions"):
        keep = data.draw(st.sets(st.sampled_from(role[key]), min_size=1))
        narrower[key] = [word for word in role[key] if word in keep]
    narrower["data"] = role["data"] if data.draw(st.booleans()) else []
    narrower["forbidden_paths"] = sorted(
        {*role["forbidden_paths"], *data.draw(st.sets(st.sampled_from(["x/*"])))}
    )
    narrower["limits"] = {key: data.draw(st.integers(1, most)) for key, most in role["limits"].items()}
    assert verdict(role, narrower) <= {"tightened"}
    assert verdict(narrower, role) <= {"loosened"}
    assert verdict(role, role) == set()


@settings(max_examples=20, deadline=None)
@given(before=workers(), after=workers())
def test_both_ways_are_opposites(before: dict[str, Any], after: dict[str, Any]) -> None:
    """What tightens one way loosens the other."""
    opposite = {"tightened": "loosened", "loosened": "tightened", "both": "both"}
    assert {opposite[way] for way in verdict(before, after)} == verdict(after, before)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The shipped rules of calls with the small files of this test; nothing else is answered, which is quick."""
    folder = tmp_path / "policies"
    folder.mkdir()
    for part in ("request", "batch", "lib", "system"):
        shutil.copytree(SHIPPED / part, folder / part)
    return write(folder, small())


def small() -> Tree:
    """One role on one service: few questions."""
    of = tree()
    of["roles"] = {"worker": ROLES["worker"] | {"services": ["notes"], "actions": ["read", "drop"]}}
    of["services"] = {"notes": SERVICES["notes"]}
    return of


def compared(old: Path, new: Path, opa: Path, most: int = 400) -> Difference:
    """The difference of two folders."""
    return asyncio.run(difference_between(old, new, opa, most))


def changed(rules: Path, file: str, old: str, new: str) -> Path:
    """A copy in which one text of one rule is another."""
    folder = rules.with_name("changed")
    shutil.copytree(rules, folder)
    content = (folder / file).read_text()
    assert content.count(old) == 1, content
    (folder / file).write_text(content.replace(old, new))
    return folder


def reason(rule: str) -> str:
    """A reason without METADATA, as Rego."""
    fields = {"code": f"request.{rule}", "rule": f"request.rules.{rule}", "message": "", "remedy": ""}
    return json.dumps({**fields, "audience": "agent", "retry": "final"})


BODY = "request/rules/body_too_large/body_too_large.rego"


BODY_LIMIT = 'max_body_bytes {"limit":%d}'
KEY = 'inject_credential {"ref":"key"}'


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (("deny", []), ("hold", []), "loosened"),
        (("allow", []), ("hold", []), "tightened"),
        (("allow", [BODY_LIMIT % 1]), ("allow", [BODY_LIMIT % 2]), "loosened"),
        (("allow", [BODY_LIMIT % 2]), ("allow", [BODY_LIMIT % 1]), "tightened"),
        (("allow", []), ("allow", [BODY_LIMIT % 1]), "tightened"),
        (("hold", [BODY_LIMIT % 1]), ("hold", []), "loosened"),
        (("allow", [KEY]), ("allow", [KEY.replace("key", "other")]), "both"),
        (("deny", [KEY]), ("deny", []), None),
        (("allow", [KEY]), ("allow", [KEY]), None),
    ],
)
def test_answers_have_a_direction(
    before: tuple[Word, list[str]], after: tuple[Word, list[str]], direction: str | None
) -> None:
    """Allow, hold, deny; under the same word what it obliges to, where it goes on at all."""
    one, other = (Said(word, (), tuple(owed)) for word, owed in (before, after))
    assert way(one, other) == direction


def test_the_same_policies_are_equal_and_that_is_exact(rules: Path, opa: Path) -> None:
    """Nothing is asked where nothing differs."""
    found = compared(rules, rules, opa)
    assert (found.verdict, found.lines, found.searched) == ("equal", (), None)
    assert document(found)["proven"] is True
    assert "this is exact" in text(found)


def test_a_boundary_that_moved_is_found(rules: Path, opa: Path) -> None:
    """`<=` made `<` is a call with a body of just the limit that was allowed."""
    tighter = changed(rules, BODY, "input.body_bytes <= limit", "input.body_bytes < limit")
    found = compared(rules, tighter, opa)
    assert (found.verdict, {line.how for line in found.lines}) == ("tightened", {"searched"})
    line = next(line for line in found.lines if line.what.startswith("worker: allow"))
    assert line.what == "worker: allow -> deny by request.rules.body_too_large"
    assert line.example is not None
    assert line.example["with"]["body_bytes"] == 500


def test_a_rule_is_found_by_what_it_names(rules: Path, opa: Path) -> None:
    """A rule that looks for one note is found, because it names the note."""
    veto = f'\ndeny contains {reason("body_too_large")} if input.params.id == "dragon"\n'
    tighter = changed(rules, BODY, "\n_within(limit) if", f"{veto}\n_within(limit) if")
    found = compared(rules, tighter, opa, 1000)
    assert found.verdict == "tightened"
    assert any("dragon" in json.dumps(line.example) for line in found.lines)


def test_role_data_is_exact_beside_a_search(rules: Path, opa: Path) -> None:
    """Both kinds of differences stand side by side, and the search does not say again what the files say."""
    looser = changed(rules, BODY, "input.body_bytes <= limit", "input.body_bytes < limit")
    of = small()
    of["roles"]["worker"]["actions"].append("write")
    write(looser, of)
    found = compared(rules, looser, opa)
    assert found.verdict == "both"
    ways = {(line.direction, line.how) for line in found.lines}
    assert ways == {("loosened", "exact"), ("tightened", "searched")}


def test_that_nothing_was_found_is_no_proof(rules: Path, opa: Path) -> None:
    """A comment more is other Rego: searched, nothing found, and the answer says what that is worth."""
    other = changed(rules, BODY, "import data.lib.result", "import data.lib.result\n\n# More.")
    found = compared(rules, other, opa, 20)
    assert (found.verdict, found.lines) == ("equal", ())
    assert document(found)["proven"] is False
    for form in (text(found), markdown(found)):
        assert "this is no proof" in form


def test_what_one_of_both_does_not_understand_is_not_compared(rules: Path, opa: Path) -> None:
    """Policies of another release know other facts and find every question incomplete."""
    older = changed(
        rules,
        "request/rules/input_incomplete/input_incomplete.rego",
        "package request.rules.input_incomplete\n",
        f"package request.rules.input_incomplete\n\ndeny contains {reason('input_incomplete')}\n",
    )
    found = compared(rules, older, opa, 40)
    assert found.searched is not None
    assert found.searched.not_understood > 0
    assert not [line for line in found.lines if "input_incomplete" in line.what]
    assert "does not understand" in text(found)


def test_a_kept_revision_is_laid_out_as_it_was(rules: Path, opa: Path, tmp_path: Path) -> None:
    """By its first letters, with the very bytes: it has the revision that it is named by."""
    bundle = build_bundle(rules, tmp_path / "bundles", opa)
    with folder_of(bundle.revision[:12], tmp_path / "bundles") as folder:
        found = compared(folder, rules, opa)
        assert (found.verdict, found.searched) == ("equal", None)
        assert build_bundle(folder, tmp_path / "again", opa).revision == bundle.revision


def test_what_is_no_policy_is_said(tmp_path: Path) -> None:
    """No folder, no revision, several of them, a damaged bundle."""
    for name, bundles, said in (
        ("nowhere", None, "no folder"),
        ("abcdef", tmp_path, "no revision"),
        (f"../../{tmp_path.name}", tmp_path, "no folder"),
    ):
        with pytest.raises(NoSuchPolicies, match=said), folder_of(name, bundles):
            pass
    (tmp_path / "abcdef00.tar.gz").write_bytes(b"no archive")
    with pytest.raises(NoSuchPolicies, match="cannot be read"), folder_of("abcdef", tmp_path):
        pass
    (tmp_path / "abcdef11.tar.gz").write_bytes(b"")
    with pytest.raises(NoSuchPolicies, match="several"), folder_of("abcdef", tmp_path):
        pass


def test_changes_are_searched_too(rules: Path, opa: Path) -> None:
    """A limit on files that is one higher, in Rego, is found at its edge."""
    shutil.copytree(SHIPPED / "change", rules / "change")
    of = tree()
    limits = {"max_files_changed": 4}
    of["roles"] = {"worker": {"services": ["code"], "actions": ["create-branch"], "limits": limits}}
    of["services"].pop("notes")
    write(rules, of)
    looser = changed(
        rules,
        "change/rules/too_many_files/too_many_files.rego",
        "input.facts.totals.files <= limit",
        "input.facts.totals.files <= limit + 1",
    )
    found = compared(rules, looser, opa)
    assert found.verdict == "loosened"
    assert any("change.rules.too_many_files" in line.what for line in found.lines)


def test_the_command_ends_with_what_it_found(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 without a loosening, 1 with one, 2 where nothing can be compared."""
    other = rules.with_name("other")
    shutil.copytree(rules, other)
    of = small()
    of["roles"]["worker"]["actions"].remove("drop")
    write(other, of)
    diff(str(rules), str(other))
    assert "Tightened\n  [exact] worker may drop:notes" in capsys.readouterr().out
    with pytest.raises(typer.Exit) as ended:
        diff(str(other), str(rules), form="json")
    assert (ended.value.exit_code, json.loads(capsys.readouterr().out)["verdict"]) == (1, "loosened")
    with pytest.raises(Problem, match="There is nothing to compare") as problem:
        diff(str(rules), str(rules / "nothing"))
    assert problem.value.code == 2

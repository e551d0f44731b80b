"""What is proven of a change to the policies themselves, from git's objects alone: the proofs of `decision.narrowing`.

Facts for policy, which decides. Promises that whatever cannot be read, is too large, or is of another shape proves
nothing; and that nothing is looked at where the change's paths are not exactly those of the exception.
"""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checks.change import Change
from checks.faults import CannotDescribe, GitFailed
from checks.git import Git
from checks.rego_shape import parsed
from checks.store import opened
from checks.tree_files import TreeFiles, TreeRefused
from decision.change import ChangeFacts, ProtectedChange
from decision.config import APPROVALS_FILE, PROTECTED_FILE, ROLES_FILE, SERVICES_FILE, load_policies
from decision.narrowing import (
    META_ROLE,
    exports_only_deny,
    exports_only_tests,
    gathers_vetoes,
    grants_subset,
)
from decision.yaml_source import ConfigErrors

TIME_LIMIT_S = 20.0
MOST_BYTES = 4 << 20
"""What one look at the objects may say: far more than the four files of any policies folder."""
MOST_REGO_BYTES = 1 << 16

_ROLES = f"policies/{ROLES_FILE}"
_OTHERS = (SERVICES_FILE, PROTECTED_FILE, APPROVALS_FILE)
_FILE = "100644"
_VETO = re.compile(r"policies/([a-z]+)/vetoes/([a-z][a-z0-9_]*)/\2\.rego")
_NOTHING = ProtectedChange()


@dataclass(frozen=True, slots=True)
class _Veto:
    """The folder of a veto: below which entry point, and its name."""

    area: str
    name: str

    @property
    def folder(self) -> str:
        return f"policies/{self.area}/vetoes/{self.name}"

    @property
    def files(self) -> tuple[str, str]:
        """The veto, and its test."""
        return f"{self.folder}/{self.name}.rego", f"{self.folder}/{self.name}_test.rego"


def proven(change: Change, facts: ChangeFacts, environment: Mapping[str, str]) -> ProtectedChange:
    """What `facts`, which describe `change`, allow to be proven. Needs the OPA of `environment` for a new veto."""
    paths = {file.path for file in facts.files}
    plain = all(file.new_mode == _FILE for file in facts.files) and all(
        touched.path in paths and touched.mode == _FILE for touched in facts.touched
    )
    if not plain or facts.irregular or not facts.merge_base:
        return _NOTHING
    kinds = {file.change for file in facts.files}
    try:
        if paths == {_ROLES} and kinds == {"modify"}:
            return ProtectedChange(grants_subset=_less_is_granted(change, facts))
        veto = _veto_of(paths)
        if veto is not None and kinds == {"add"}:
            return ProtectedChange(new_deny_rule=_only_vetoes(change, facts, veto, environment))
    except (CannotDescribe, GitFailed, TreeRefused, OSError):
        return _NOTHING
    return _NOTHING


def _veto_of(paths: set[str]) -> _Veto | None:
    """The one folder of which these are both files."""
    for match in filter(None, map(_VETO.fullmatch, paths)):
        veto = _Veto(match[1], match[2])
        # What ends so is left out of what is served: it would be a veto that never speaks.
        if paths == set(veto.files) and not veto.name.endswith("_test"):
            return veto
    return None


@dataclass(frozen=True, slots=True)
class _Ends:
    """The trees between which a change lies; each file of bounded size."""

    trees: TreeFiles
    base: str
    departed: str
    head: str


def _less_is_granted(change: Change, facts: ChangeFacts) -> bool:
    with opened(change.repository, change.objects, change.base, time_limit_s=TIME_LIMIT_S) as store:
        ends = _ends(store.git, facts)
        if ends is None:
            return False
        before = ends.trees.read(ends.base, _ROLES)
        # Else a merge would make something of three versions that nobody has looked at.
        if before is None or ends.trees.read(ends.departed, _ROLES) != before:
            return False
        after = ends.trees.read(ends.head, _ROLES)
        others = {name: ends.trees.read(ends.base, f"policies/{name}") for name in _OTHERS}
    old, new = _tables(before, others), _tables(after, others)
    return old is not None and new is not None and grants_subset(old, new, META_ROLE)


def _tables(roles: bytes | None, others: Mapping[str, bytes | None]) -> dict[str, Any] | None:
    """The tables of a policies folder with these files; `None` where it does not load."""
    with tempfile.TemporaryDirectory(prefix="doorless-checks-") as made:
        for name, content in {ROLES_FILE: roles, **others}.items():
            if content is not None:
                Path(made, name).write_bytes(content)
        try:
            return load_policies(Path(made)).compiled
        except ConfigErrors:
            return None


def _only_vetoes(change: Change, facts: ChangeFacts, veto: _Veto, environment: Mapping[str, str]) -> bool:
    with opened(change.repository, change.objects, change.base, time_limit_s=TIME_LIMIT_S) as store:
        ends = _ends(store.git, facts)
        if ends is None or not _is_new(ends, veto):
            return False
        texts = [
            ends.trees.read(ends.base, f"policies/{veto.area}/{veto.area}.rego"),
            *(ends.trees.read(ends.head, path) for path in veto.files),
        ]
    modules = [
        parsed(text, environment) for text in texts if text is not None and len(text) <= MOST_REGO_BYTES
    ]
    match modules:
        case [dict() as entry, dict() as module, dict() as tests]:
            return (
                gathers_vetoes(entry, veto.area)
                and exports_only_deny(module, veto.area, veto.name)
                and exports_only_tests(tests, veto.area, veto.name)
            )
    return False


def _is_new(ends: _Ends, veto: _Veto) -> bool:
    """Whether there is nothing of its name on the base, however it is written; a rule of that name has its code."""
    places = [f"policies/{veto.area}/{kind}/" for kind in ("rules", "vetoes")]
    said = ends.trees.git.run(
        "--literal-pathspecs", "ls-tree", "-z", "--full-tree", "--name-only", ends.base, "--", *places
    )
    names = {name.rpartition(b"/")[2].lower() for name in said.split(b"\0") if name}
    return veto.name.encode() not in names


def _ends(git: Git, facts: ChangeFacts) -> _Ends | None:
    """The ends; `None` where the change departs from more than one commit."""
    bounded = replace(git, most_bytes=MOST_BYTES)
    bases = bounded.run("merge-base", "--all", facts.base.commit, facts.head).split()
    if bases != [facts.merge_base.encode()]:
        return None
    return _Ends(TreeFiles(bounded), facts.base.commit, facts.merge_base, facts.head)

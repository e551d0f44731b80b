"""What a change is, by git's own account: the wire form that whoever describes changes and whoever asks policy share.

Pure: types and the names of their kinds, nothing that could fetch. Facts only, never contents; every field is always
there, so that nothing missing can look like nothing found.
"""

from typing import Literal

import msgspec

IrregularKind = Literal[
    "not_utf8",
    "bad_name",
    "case_twin",
    "unicode_twin",
    "mode",
    "symlink",
    "gitlink",
    "gitattributes",
    "gitmodules",
    "replace_ref",
    "graft",
    "alternates",
    "shallow",
    "truncated",
    "orphan",
    "unreadable",
]

EvidenceState = Literal["passed", "failed", "absent", "could_not_run", "not_configured", "no_verdict"]
"""`no_verdict` is the jury's alone: neither a pass nor a block."""


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a commit names, as written in it."""

    name: str
    email: str


class FileFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the final diff from the merge base to the head; a rename is a delete and an add."""

    path: str
    """As git has it; C-quoted as git does where it is not UTF-8 (then it is in `irregular` too)."""
    folded: str
    """The path after NFC and casefold."""
    change: Literal["add", "modify", "delete", "type"]
    old_mode: str
    """Six octal digits as git writes them; empty where there was no file."""
    new_mode: str
    """The same; empty where there is no file any more."""
    lines: int
    """The greater of git's added and deleted lines together and `bytes / 200`, rounded up."""
    bytes: int
    """Size of what is added or taken away; of a modified text, the lines that only one of its versions has."""
    binary: bool


class TouchedFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A path and mode that some commit touches on the way and that the final diff does not show so."""

    path: str
    folded: str
    mode: str
    """Empty where the commit deletes it."""


class CommitFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One commit that the base does not reach."""

    id: str
    parents: int
    author: Person
    committer: Person
    co_authors: tuple[Person, ...]
    """From `Co-authored-by` trailers."""
    signature: Literal["none", "present"]


class SecretFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that looks like a secret in some new blob; never the secret itself."""

    rule: str
    path: str
    commit: str
    line: int


class FindingFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finding of static analysis that the base does not have."""

    rule: str
    path: str
    line: int
    severity: str
    message: str


class IrregularFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something about the change that an ordinary one does not have."""

    kind: IrregularKind
    path: str
    """Empty where it is about no one path."""
    detail: str


class RefFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ref that would change. `force`: the new commit does not descend from the old one."""

    name: str
    """In full: `refs/heads/…`."""
    old: str
    new: str
    change: Literal["create", "update", "delete", "force"]


class BaseFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The branch that the change is measured against, by its short name (`main`), and its commit."""

    ref: str
    commit: str


class Totals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sums over the final diff."""

    files: int
    lines: int
    bytes: int


class ChangeFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that git says of a change."""

    refs: tuple[RefFact, ...]
    base: BaseFact
    head: str
    merge_base: str
    """Empty where base and head have no common ancestor."""
    files: tuple[FileFact, ...]
    touched: tuple[TouchedFact, ...]
    commits: tuple[CommitFact, ...]
    secrets: tuple[SecretFact, ...]
    irregular: tuple[IrregularFact, ...]
    totals: Totals


class ProtectedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is proven of a change to the policies themselves; nothing unless somebody proved it.

    See `decision.narrowing`, which makes these proofs.
    """

    grants_subset: bool = False
    """`roles.yaml` grants strictly less than before, and nothing else of it is wider."""
    new_deny_rule: bool = False
    """The change adds one folder below `vetoes`, whose package exports `deny` alone, with its test."""


class DescribedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is known of a change before anybody checks it: what git says, and what is proven of it."""

    facts: ChangeFacts
    protected_change: ProtectedChange

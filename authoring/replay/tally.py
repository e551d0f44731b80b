"""What a replay comes to: counts, and differences grouped by rule and role with one example each; pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from authoring.model import Apart, Recorded
from authoring.said import Said, What, Word, difference, rules_between


@dataclass(frozen=True, slots=True)
class Group:
    """Decisions of one role that differ in the same way, by the same rules."""

    what: What
    before: Word
    after: Word
    rules: tuple[str, ...]
    """Those that speak before or after and not both; where only obligations differ, all that speak."""
    role: str
    kind: str
    count: int
    example: str
    """The id of the first such decision."""
    changed: tuple[str, ...]
    """Of the example: obligations that go (`-`) and come (`+`)."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of asking recorded decisions again."""

    candidate: str
    """The revision of the policies that were asked."""
    decisions: int
    """How many there are in the log, of the role and in the time that were chosen."""
    reproduced: int
    """Decisions that the bundle of their own revision makes again: only these are compared with the candidate."""
    older_form: int
    """Of these, how many were recorded before some fact existed, and were asked with its value for nothing."""
    flips: tuple[Group, ...]
    """Differences in the decision itself or in what it obliges to; the most frequent first."""
    explained_otherwise: tuple[Group, ...]
    """The same decision under the same obligations, for other reasons."""
    mismatches: tuple[Group, ...]
    """Decisions that the bundle of their own revision does not make again."""
    apart: Mapping[str, int]
    """Decisions that cannot be asked again, by the reason why."""
    missing: Mapping[str, int]
    """Decisions whose revision's bundle is not kept, by revision."""
    unusable: Mapping[str, str]
    """Why a kept bundle could not be asked, by revision; its decisions are counted in `missing`."""

    @property
    def flipped(self) -> int:
        """How many decisions flip."""
        return sum(group.count for group in self.flips)

    @property
    def mismatched(self) -> int:
        """How many decisions were not reproduced."""
        return sum(group.count for group in self.mismatches)

    @property
    def clean(self) -> bool:
        """Whether nothing flips and everything that could be asked was reproduced."""
        return not self.flips and not self.mismatches


_Key = tuple[What, Word, Word, tuple[str, ...], str, str]


@dataclass(slots=True)
class Tally:
    """Counts while the log is read. Memory grows with the kinds of differences, not with decisions."""

    decisions: int = 0
    reproduced: int = 0
    older_form: int = 0
    apart: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    unusable: dict[str, str] = field(default_factory=dict)
    _flips: dict[_Key, Group] = field(default_factory=dict)
    _mismatches: dict[_Key, Group] = field(default_factory=dict)
    _counts: Counter[tuple[str, _Key]] = field(default_factory=Counter)

    def set_apart(self, one: Apart) -> None:
        """Count a decision that cannot be asked again."""
        self.apart[one.why] += 1

    def miss(self, one: Recorded, why: str) -> None:
        """Count a decision whose own policy could not be asked: its bundle is not kept, or `why`."""
        self.missing[one.revision] += 1
        if why:
            self.unusable[one.revision] = why

    def reproduce(self, one: Recorded, again: Said) -> bool:
        """Whether its own bundle makes the decision again; if not, it is noted."""
        what = difference(one.answered, again)
        if what is None:
            self.reproduced += 1
            return True
        if one.left_out:
            # Policy was shown other texts than those that may stand in the log: this says nothing of the bundle.
            self.apart["texts left out"] += 1
            return False
        self._note("mismatch", self._mismatches, one, again, what)
        return False

    def compare(self, one: Recorded, after: Said) -> None:
        """Note what the candidate says otherwise than what was recorded."""
        what = difference(one.answered, after)
        if what is not None:
            self._note("flip", self._flips, one, after, what)

    def result(self, candidate: str) -> Replay:
        """All that was counted."""
        flips = self._groups("flip", self._flips)
        return Replay(
            candidate=candidate,
            decisions=self.decisions,
            reproduced=self.reproduced,
            older_form=self.older_form,
            flips=tuple(group for group in flips if group.what != "reasons"),
            explained_otherwise=tuple(group for group in flips if group.what == "reasons"),
            mismatches=self._groups("mismatch", self._mismatches),
            apart=dict(sorted(self.apart.items())),
            missing=dict(sorted(self.missing.items())),
            unusable=dict(sorted(self.unusable.items())),
        )

    def _note(self, name: str, groups: dict[_Key, Group], one: Recorded, after: Said, what: What) -> None:
        before = one.answered
        rules = rules_between(before, after)
        key = (what, before.decision, after.decision, rules, one.role, one.kind)
        self._counts[name, key] += 1
        if key not in groups:
            changed = _changed(before, after) if what == "obligations" else ()
            groups[key] = Group(*key, count=0, example=one.id, changed=changed)

    def _groups(self, name: str, groups: dict[_Key, Group]) -> tuple[Group, ...]:
        counted = [_counted(group, self._counts[name, key]) for key, group in groups.items()]
        return tuple(
            sorted(counted, key=lambda group: (-group.count, group.rules, group.role, group.example))
        )


def _counted(group: Group, count: int) -> Group:
    return Group(
        what=group.what,
        before=group.before,
        after=group.after,
        rules=group.rules,
        role=group.role,
        kind=group.kind,
        count=count,
        example=group.example,
        changed=group.changed,
    )


def _changed(before: Said, after: Said) -> tuple[str, ...]:
    gone, come = set(before.obligations or ()), set(after.obligations or ())
    return (*(f"-{line}" for line in sorted(gone - come)), *(f"+{line}" for line in sorted(come - gone)))

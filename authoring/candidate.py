"""Candidate policies that somebody proposes: the home's own, with another `roles.yaml`, or with one rule more.

Made in a folder that is gone afterwards. Promises that nothing else of them differs, and that no name leaves the folder.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from decision.config import ROLES_FILE


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new rule of requests below `request/vetoes`, where all is gathered that can only deny."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,63}\Z")]
    text: Annotated[str, msgspec.Meta(max_length=20_000)]


class CandidateWrong(Exception):
    """What is proposed cannot be put among the policies; the text says why."""


@contextmanager
def candidate(policies: Path, roles: str, rule: Rule | None) -> Iterator[Path]:
    """The folder of the candidate; empty `roles` leaves them. Raises `CandidateWrong`, OSError."""
    with tempfile.TemporaryDirectory(prefix="dl-candidate-") as made:
        folder = Path(made) / "policies"
        shutil.copytree(policies, folder)
        if roles:
            (folder / ROLES_FILE).write_text(roles, encoding="utf-8")
        if rule is not None:
            _add(folder / "request", rule)
        yield folder


def _add(area: Path, rule: Rule) -> None:
    place = area / "vetoes" / rule.name
    if place.exists():
        raise CandidateWrong(f"there is a rule {rule.name} already")
    if not re.search(rf"^package request\.vetoes\.{rule.name}$", rule.text, re.MULTILINE):
        raise CandidateWrong(f"the rule is not of the package request.vetoes.{rule.name}")
    if "data.request.vetoes" not in (area / "request.rego").read_text(encoding="utf-8"):
        raise CandidateWrong("the entry point of these policies gathers no vetoes")
    place.mkdir(parents=True)
    (place / f"{rule.name}.rego").write_text(rule.text, encoding="utf-8")

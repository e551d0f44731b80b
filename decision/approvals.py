"""The shape of `approvals.yaml`: who may approve what policy holds, how many it takes, how long it waits.

Models and what they demand, nothing else. A template that names nobody makes a denial of each hold.
"""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from decision.validation import Name, Strict, validate
from decision.yaml_source import YamlDocument

LONGEST_S = 24 * 3600
"""No hold waits longer."""

Person = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
"""The name of a user of this machine."""


class Template(Strict):
    """The terms of the holds that rules open under this name."""

    approvers: Annotated[tuple[Person, ...], Field(max_length=100)] = ()
    needed: Annotated[int, Field(ge=1, le=5)] = 1
    expires_in_s: Annotated[int, Field(ge=30, le=LONGEST_S)] = 600
    not_starter: bool = False
    """Whether the one who started the workflow is not heard."""

    @model_validator(mode="after")
    def _enough(self) -> "Template":
        if len(set(self.approvers)) != len(self.approvers):
            raise ValueError("a person is named twice")
        if self.approvers and self.needed > len(self.approvers):
            raise ValueError(f"{self.needed} persons are needed, and {len(self.approvers)} are named")
        return self


class ApprovalsFile(Strict):
    """The whole of `approvals.yaml`."""

    templates: dict[Name, Template]


def read_approvals(document: YamlDocument) -> ApprovalsFile:
    """The templates that a document declares. Raises `ConfigErrors`."""
    return validate(document, ApprovalsFile)

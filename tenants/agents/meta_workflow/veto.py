"""A new rule that denies what a role asked for the first time, with its test: two files made from one template; pure.

Names come from the catalogue, and one that is not spelled as the catalogue spells names makes no rule.
"""

import re
from dataclasses import dataclass
from typing import Final

from tenants.agents.meta_workflow.memory import fingerprint
from tenants.agents.meta_workflow.model import Finding

FOLDER: Final = "policies/request/vetoes"
"""Where policy gathers what can only deny, without its being named anywhere."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")

_RULE: Final = """\
package request.vetoes.{name}

import data.lib.result

# METADATA
# title: What {role} never asked for before
# description: Proposed by the meta-workflow for finding {fingerprint}; a person let it in.
# custom:
#   code: request.{name}
#   message: "The role {{role}} does not use {{route}} of {{service}}."
#   remedy: Leave it; the operator can remove this rule if the role needs the call.
deny contains result.reason(rego.metadata.chain(), {{}}) if {{
	input.role == "{role}"
	input.service == "{service}"
	input.route == "{route}"
}}
"""
_TEST: Final = """\
package request.vetoes.{name}_test

import data.request.vetoes.{name}

_asked := {{"role": "{role}", "service": "{service}", "route": "{route}", "action": "read", "data": ""}}

test_caught if count(_denials(_asked)) == 1

test_not_caught_on_another_route if count(_denials(object.union(_asked, {{"route": "another"}}))) == 0

test_not_caught_for_another_role if count(_denials(object.union(_asked, {{"role": "another"}}))) == 0

test_not_caught_without_a_route if count(_denials(object.remove(_asked, ["route"]))) == 0

_denials(question) := found if {{
	found := {name}.deny with input as question
}}
"""


@dataclass(frozen=True, slots=True)
class Veto:
    """A rule to add: its folder's name, and both files by their paths."""

    name: str
    files: dict[str, str]

    @property
    def rule(self) -> str:
        """The text of the rule itself."""
        return self.files[f"{FOLDER}/{self.name}/{self.name}.rego"]


def veto(finding: Finding) -> Veto | None:
    """A rule that denies this role this route; None where a name is none."""
    service, _, route = finding.subject.partition("/")
    if not all(_NAME.fullmatch(name) for name in (finding.role, service, route)):
        return None
    known = fingerprint(finding)
    name = f"unusual_{known}"
    words = {"name": name, "role": finding.role, "service": service, "route": route, "fingerprint": known}
    folder = f"{FOLDER}/{name}"
    return Veto(
        name,
        {
            f"{folder}/{name}.rego": _RULE.format(**words),
            f"{folder}/{name}_test.rego": _TEST.format(**words),
        },
    )

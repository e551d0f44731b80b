# METADATA
# title: What the jury's votes come to
# description: >-
#   Votes are facts; this is the rule. It can only tighten: what it answers for is one fact among those of a call, and
#   grants nothing there. Allowed: passed, or no jury is needed. Held: no verdict. Denied: vetoed, or not asked yet.
#   Each rule is a folder under jury/rules and is named below once; the conventions check finds a rule that is not.
# scope: subpackages
# schemas:
#   - input: schema["input.jury"]
package jury

import data.jury.rules
import data.lib.verdict

# METADATA
# title: The decision on one document
# entrypoint: true
decision := verdict.document({
	"grants": _grants,
	"lacks": rules.not_asked.lacks,
	"denials": (rules.input_incomplete.deny | rules.veto.deny),
	"holds": {hold | hold := rules.no_consensus.hold},
	"obligations": set(),
	"attempts": set(),
})

_grants contains "jury.rules.routine" if rules.routine.grant

_grants contains "jury.rules.asked" if rules.asked.grant

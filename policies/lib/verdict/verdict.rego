# METADATA
# title: Precedence
# description: >-
#   The only place where precedence exists: deny, then hold, then allow, and nothing is allowed that no rule
#   grants. An entry point hands over what its rules found and answers what this says.
package lib.verdict

import data.lib.result

# METADATA
# title: The decision document
# description: >-
#   `found` holds sets: grants (names of the rules that grant), lacks (reasons why none does; heard only
#   then), denials (reasons that no grant outweighs), holds (reason and terms), obligations (of a call that
#   goes on or waits) and attempts (obligations of every attempt, a denied one too).
document(found) := _answer(true, [], found.obligations | found.attempts, null) if {
	count(found.grants) > 0
	count(found.denials) == 0
	count(found.holds) == 0
} else := _answer(false, _with_grants(reasons, found.grants), found.obligations | found.attempts, terms) if {
	count(found.grants) > 0
	count(found.denials) == 0
	reasons := {held.reason | some held in found.holds}

	# Holds on different terms are no hold but a denial: no single approval could satisfy both.
	[terms] := [distinct | some distinct in {held.terms | some held in found.holds}]
} else := _answer(false, _with_grants(reasons, found.grants), found.attempts, null) if {
	reasons := (found.denials | _missing(found)) | _conflicts(found)
}

_answer(allow, reasons, obligations, hold) := {
	"version": "1",
	"allow": allow,
	"reasons": reasons,
	"obligations": [obligation | some obligation in obligations],
	"hold": hold,
	"cacheable_s": 0,
}

# The reasons why nothing grants; spoken for here only where no rule can say what is lacking.
_missing(found) := set() if {
	count(found.grants) > 0
} else := found.lacks if {
	count(found.lacks) > 0
} else := {_not_granted}

_conflicts(found) := {_hold_conflict} if {
	count({held.terms | some held in found.holds}) > 1
} else := set()

# METADATA
# title: Nothing grants it
# custom:
#   code: verdict.not_granted
#   message: No rule grants this to the role {role}.
#   remedy: Leave it, or ask the operator for a rule in policies/ that grants it.
_not_granted := result.reason(rego.metadata.chain(), {})

# METADATA
# title: Holds that differ
# custom:
#   code: verdict.hold_conflict
#   message: Two rules hold this on different terms, so no single approval could satisfy both.
#   remedy: Ask the operator to give the rules in policies/ that hold it the same terms.
_hold_conflict := result.reason(rego.metadata.chain(), {})

_with_grants(reasons, grants) := [_with_grant(reason, grants) | some reason in reasons]

_with_grant(reason, grants) := reason if count(grants) == 0

_with_grant(reason, grants) := object.union(reason, {"message": message}) if {
	count(grants) > 0
	message := sprintf("%s (%s grants it, %s comes first.)", [reason.message, concat(", ", grants), reason.rule])
}

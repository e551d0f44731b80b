package change.rules.irreversible

import data.lib.approval
import data.lib.result

# METADATA
# title: A merge needs a person
# description: >-
#   No role, no jury and no grant given beforehand can grant this away; persons can, for this very call, with the change
#   as it was when they looked, and once.
# custom:
#   code: change.irreversible
#   message: "A merge cannot be undone, so a person must approve it."
#   remedy: "Wait until a person approves the merge."
#   retry: retry
hold := {
	"reason": result.reason(rego.metadata.chain(), {}),
	"terms": approval.terms("merge"),
} if {
	input.action == "merge"
	not _approved
}

_approved if approval.given.merge

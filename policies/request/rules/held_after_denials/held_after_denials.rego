package request.rules.held_after_denials

import data.lib.approval
import data.lib.result

# METADATA
# title: A workflow that is denied again and again waits for a person
# description: >-
#   After as many denials in a row as roles.yaml says under hold_after_denials, the next call that would be allowed is
#   held. Once a person approved it, for whatever reason it was held, it is made, and the row begins anew.
# custom:
#   code: request.held_after_denials
#   message: "The last {count} calls of this workflow were denied, so a person must approve the next one."
#   remedy: Wait until this very call is approved, then send it again unchanged.
#   retry: retry
hold := {
	"reason": result.reason(rego.metadata.chain(), {"{count}": _row}),
	"terms": approval.terms("denials"),
} if {
	limit := data.compiled.roles[input.role].hold_after_denials
	not _below[limit]
	not _approved
}

_row := sprintf("%v", [object.get(input, ["history", "denials_in_a_row"], "unknown")])

_below[limit] if {
	limit := data.compiled.roles[input.role].hold_after_denials
	is_number(input.history.denials_in_a_row)
	input.history.denials_in_a_row < limit
}

_approved if {
	some template, _ in approval.given
}

package request.rules.irreversible

import data.lib.approval
import data.lib.call
import data.lib.result

# METADATA
# title: What cannot be undone needs a person
# description: No role can grant this away; persons can, for this very call and once.
# custom:
#   code: request.irreversible
#   message: The route {route} of {service} cannot be undone, so a person must approve it.
#   remedy: Wait until this very call is approved, then send it again unchanged; or choose a call that can be undone.
#   retry: retry
hold := {
	"reason": result.reason(rego.metadata.chain(), {}),
	"terms": approval.terms(_template),
} if {
	call.route.irreversible
	not _approved
}

# The change that a merge makes is held on the same terms (change.irreversible), so that one approval is for both.
default _template := "irreversible"

_template := "merge" if call.route.output == "merge-pr"

# The agent repeats an approved call, unless people make it themselves: then an agent never can.
_approved if {
	call.route.people_credential == ""
	approval.given[_template]
}

_approved if {
	call.route.people_credential != ""
	approval.given[_template]
	approval.performed
}

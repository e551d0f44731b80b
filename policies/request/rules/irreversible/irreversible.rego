package request.rules.irreversible

import data.lib.call
import data.lib.result

# METADATA
# title: What cannot be undone needs a person
# description: No role can grant this away.
# custom:
#   code: request.irreversible
#   message: The route {route} of {service} cannot be undone, so a person must approve it.
#   remedy: Wait until this very call is approved, then send it again unchanged; or choose a call that can be undone.
#   retry: retry
hold := {
	"reason": result.reason(rego.metadata.chain(), {}),
	"terms": {"template": "irreversible", "approvers": [], "expires_in_s": 600},
} if call.route.irreversible

package request.rules.secret_outbound

import data.lib.result

# METADATA
# title: What the agent sends looks like a secret
# description: The gateway looks; `scan` names what it found. A body that could not be searched is named there too.
# custom:
#   code: request.secret_outbound
#   message: "The request holds what looks like a secret, or could not be searched for one: {findings}."
#   remedy: Leave it out and send the request again; the gateway adds the credential that the service needs.
deny contains result.reason(rego.metadata.chain(), {"{findings}": concat(", ", input.scan)}) if {
	count(input.scan) > 0
}

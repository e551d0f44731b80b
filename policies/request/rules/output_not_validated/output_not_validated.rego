package request.rules.output_not_validated

import data.lib.call
import data.lib.result

# METADATA
# title: What would take effect was not validated
# description: The route names an output; only a recorded validation of exactly this body, as that type, counts.
# custom:
#   code: request.output_not_validated
#   message: What is sent here must be validated as {output} first, and this body was not.
#   remedy: >-
#     Send one JSON document in UTF-8, whole and not compressed; if it was that, try again shortly: the checks that
#     validate it may be away.
#   retry: retry
deny contains result.reason(rego.metadata.chain(), {"{output}": call.route.output}) if {
	call.route.output > ""
	not _looked_at
}

_looked_at if {
	_bound
	input.validation.schema in {"passed", "failed"}
}

_bound if {
	count(input.body_sha256) == 64
	input.validation.type == call.route.output
}

package request.rules.body_too_large

import data.lib.result

# METADATA
# title: The announced body is over the limit
# custom:
#   code: request.body_too_large
#   message: "The body of {bytes} bytes is over the limit of {limit} bytes."
#   remedy: Send at most {limit} bytes in one call.
deny contains result.reason(rego.metadata.chain(), {
	"{bytes}": sprintf("%v", [object.get(input, "body_bytes", "unknown")]),
	"{limit}": format_int(limit, 10),
}) if {
	limit := data.compiled.body_limits[input.role][input.service][input.route]
	not _within(limit)
}

_within(limit) if input.body_bytes <= limit

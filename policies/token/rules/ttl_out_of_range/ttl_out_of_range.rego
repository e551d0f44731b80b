package token.rules.ttl_out_of_range

import data.lib.result

# METADATA
# title: The lifetime is out of range
# custom:
#   code: token.ttl_out_of_range
#   message: A workflow lives 1 to 3600 seconds.
#   remedy: Start the workflow with a --ttl between 1s and 1h.
deny contains result.reason(rego.metadata.chain(), {}) if not _in_range

_in_range if {
	input.ttl_s >= 1
	input.ttl_s <= 3600
}

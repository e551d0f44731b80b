package request.rules.sensitive_read_beside_write

import data.lib.result

# METADATA
# title: Sensitive data is not read while a write is under way
# description: >-
#   A write that began before the read may still be sending its body, and what is read could leave with it. The other
#   half of request.write_after_sensitive_read.
# custom:
#   code: request.sensitive_read_beside_write
#   message: >-
#     {data} is sensitive, and this workflow has a call under way that may write ({actions}): what it reads could leave
#     with it.
#   remedy: Wait until that call is over, then send this one again.
#   retry: retry
deny contains result.reason(rego.metadata.chain(), {"{actions}": concat(", ", _writes)}) if {
	data.compiled.sensitive[input.data]
	_reading
	not _alone
}

_reading if input.action == "read"

_reading if input.method in {"GET", "HEAD"}

# A proof: without the fact there is none.
_alone if {
	is_string(concat("", input.history.under_way))
	count(_writes) == 0
}

_writes contains action if {
	some action in input.history.under_way
	is_string(action) # a reason must not fall silent over something that is no name
	action != "read"
}

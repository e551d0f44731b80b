package request.rules.write_after_sensitive_read

import data.lib.result

# METADATA
# title: A workflow that has read sensitive data writes nowhere any more
# description: >-
#   What is sensitive stands in services.yaml; as shipped nothing is. Everything but the action read is a write, to
#   whichever service. A read that is being decided counts too.
# custom:
#   code: request.write_after_sensitive_read
#   message: >-
#     This workflow has read {classes}, which is sensitive, so it may {action} nothing: what it read could leave with
#     it.
#   remedy: >-
#     Go on reading here, and leave the writing to another workflow, one that reads none of it; ask whoever gives out
#     the tasks for one.
deny contains result.reason(rego.metadata.chain(), {"{classes}": concat(", ", _sensitive)}) if {
	not _reading
	not _untainted
}

_reading if input.action == "read"

# A proof: without the fact, or without the table, there is none.
_untainted if {
	is_string(concat("", input.history.data_read))
	is_object(data.compiled.sensitive)
	count(_sensitive) == 0
}

_sensitive contains class if {
	some class in input.history.data_read
	data.compiled.sensitive[class]
}

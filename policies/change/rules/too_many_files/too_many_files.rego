package change.rules.too_many_files

import data.lib.result

# METADATA
# title: More files than the role may change at once
# custom:
#   code: change.too_many_files
#   message: "The change has {files} files, and the role {role} may change {limit} at once."
#   remedy: "Split the change: at most {limit} files in each, measured from the base."
deny contains result.reason(rego.metadata.chain(), {
	"{files}": sprintf("%v", [object.get(input, ["facts", "totals", "files"], "unknown")]),
	"{limit}": format_int(limit, 10),
}) if {
	limit := data.compiled.roles[input.role].max_files_changed
	not _within(limit)
}

_within(limit) if {
	input.facts.totals.files <= limit
	count(input.facts.files) <= limit
}

package change.rules.too_many_lines

import data.lib.result

# METADATA
# title: More lines than the role may change at once
# custom:
#   code: change.too_many_lines
#   message: "The change has {lines} lines, and the role {role} may change {limit} at once."
#   remedy: "Split the change: at most {limit} lines in each, measured from the base; 200 bytes count as a line."
deny contains result.reason(rego.metadata.chain(), {
	"{lines}": sprintf("%v", [object.get(input, ["facts", "totals", "lines"], "unknown")]),
	"{limit}": format_int(limit, 10),
}) if {
	limit := data.compiled.roles[input.role].max_diff_lines
	not _within(limit)
}

_within(limit) if {
	input.facts.totals.lines <= limit
	sum([file.lines | some file in input.facts.files]) <= limit
}

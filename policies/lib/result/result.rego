# METADATA
# title: Reasons
# description: >-
#   Makes the reason of a denial or a hold from the METADATA of the very rule that speaks, so that text and
#   rule cannot drift apart. Placeholders like {role} in a message or remedy are filled from the input.
package lib.result

_placeholders := ["role", "service", "route", "action", "data"]

# METADATA
# title: The reason that a rule gives
# description: >-
#   `chain` is `rego.metadata.chain()` of the rule, `values` maps further placeholders to their text.
reason(chain, values) := {
	"code": rule.code,
	"message": strings.replace_n(filled, rule.message),
	"remedy": strings.replace_n(filled, rule.remedy),
	"rule": concat(".", array.slice(chain[0].path, 0, count(chain[0].path) - 1)),
	"audience": object.get(rule, "audience", "agent"),
	"retry": object.get(rule, "retry", "final"),
} if {
	rule := chain[0].annotations.custom
	filled := object.union(_filled, values)
}

# METADATA
# title: The reasons that a rule gives where it speaks of many places
# description: >-
#   `found` is a set of objects with `path`, `line` (0 where there is none) and `values`, the text of further
#   placeholders. Five are named in the order of their paths; the last of them says how many more there are.
reasons(chain, found) := {object.union_n([said, place, {"message": concat("", [said.message, more])}]) |
	some number, item in array.slice(sort(found), 0, 5)
	said := reason(chain, {name: shown(text) | some name, text in item.values})
	place := {"path": item.path, "line": item.line}
	more := _more(number + 1, count(found))
}

# METADATA
# title: Text that an agent chose, as it may be shown
# description: Short, and without what steers a terminal or hides in a line.
shown(text) := regex.replace(substring(text, 0, 160), `[\p{C}\p{Zl}\p{Zp}]`, "\ufffd")

_more(number, total) := sprintf(" And %d more like this.", [total - 5]) if {
	number == 5
	total > 5
} else := ""

_filled[sprintf("{%s}", [name])] := text if {
	some name in _placeholders
	text := object.get(input, name, "")
	is_string(text)
}

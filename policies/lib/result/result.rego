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

_filled[sprintf("{%s}", [name])] := text if {
	some name in _placeholders
	text := object.get(input, name, "")
	is_string(text)
}

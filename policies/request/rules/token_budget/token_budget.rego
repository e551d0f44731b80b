package request.rules.token_budget

import data.lib.result

# METADATA
# title: The tokens that a role or a workflow may take from models are spent
# description: >-
#   By the providers' own counts. They are known once an answer is over, so calls under way may go over; the next one is
#   denied. Services that are no model providers spend nothing.
# custom:
#   code: request.token_budget
#   message: "{whose} has spent {spent} of the {limit} tokens that {key} allows."
#   remedy: >-
#     Leave it, or ask the operator for a greater {key} in roles.yaml; the budget of a day begins anew at midnight UTC.
deny contains result.reason(rego.metadata.chain(), {
	"{whose}": whose,
	"{spent}": format_int(object.get(input, ["tokens_spent", fact], 0), 10),
	"{limit}": format_int(limit, 10),
	"{key}": key,
}) if {
	some key, [fact, whose] in _budgets
	limit := data.compiled.roles[input.role][key]
	not _left[key]
}

_budgets := {
	"max_tokens_per_workflow": ["workflow", "This workflow"],
	"max_tokens_per_day": ["role_today", "This role"],
}

_left[key] if {
	some key, [fact, _] in _budgets
	input.tokens_spent[fact] < data.compiled.roles[input.role][key]
}

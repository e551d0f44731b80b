# The smallest policy that answers every kind of decision the issuer must handle; one role for each.
package token

import rego.v1

role_words := {
	"crash-reporting": {"read:crash-reports", "read:stack-traces"},
	"telemetry": {"read:telemetry"},
}

all_words := {word | some words in role_words; some word in words}

asked := all_words if count(input.only) == 0

asked := {word | some word in input.only} if count(input.only) > 0

wider := asked - all_words

default decision := {
	"version": "1",
	"allow": false,
	"reasons": [{
		"code": "token.role_unknown",
		"message": "There is no such role.",
		"remedy": "Name a role of roles.yaml.",
		"rule": "token.rules.role_unknown",
	}],
	"obligations": [],
	"hold": null,
	"cacheable_s": 0,
}

answer(change) := object.union(
	{"version": "1", "allow": true, "reasons": [], "obligations": [], "hold": null, "cacheable_s": 0},
	change,
)

token_for(audience, words, ttl_s) := {
	"id": audience,
	"type": "issue_token",
	"properties": {"audience": audience, "scope": sort(words), "ttl_s": ttl_s},
}

decision := answer({"obligations": [token_for(audience, words, min([input.ttl_s, 300])) |
	some audience, all_of_it in role_words
	words := all_of_it & asked
	count(words) > 0
]}) if {
	input.role == "crash-tracker"
	count(wider) == 0
}

decision := answer({"allow": false, "reasons": [{
	"code": "token.scope_wider",
	"message": sprintf("The role does not hold %s.", [concat(", ", sort(wider))]),
	"remedy": "Ask for less.",
	"rule": "token.rules.scope",
	"audience": "operator",
}]}) if {
	input.role == "crash-tracker"
	count(wider) > 0
}

decision := answer({
	"allow": false,
	"reasons": [{"code": "token.held", "message": "Held.", "remedy": "Wait.", "rule": "token.rules.held"}],
	"hold": {"template": "token", "approvers": [], "needed": 1, "expires_in_s": 600},
}) if {
	input.role == "holder"
}

decision := answer({}) if input.role == "nothing"

decision := answer({"obligations": [token_for("telemetry", {"read:a"}, 60), token_for("telemetry", {"read:b"}, 60)]}) if {
	input.role == "twice"
}

decision := answer({"obligations": [token_for("telemetry", {"read:telemetry"}, 86400)]}) if {
	input.role == "greedy"
}

decision := "yes" if input.role == "garbage"

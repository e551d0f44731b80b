package request.rules.input_incomplete

import data.lib.result

# METADATA
# title: The question lacks a fact, or holds one of the wrong type or one too many
# custom:
#   code: request.input_incomplete
#   message: "The call was not described completely; wrong or missing: {fields}."
#   remedy: >-
#     Nothing the asker can change. Ask the operator to run `doorless doctor`; the program that asked and the
#     policies do not fit.
deny contains result.reason(rego.metadata.chain(), {"{fields}": concat(", ", wrong)}) if not complete

# METADATA
# title: Whether every fact is there and of its type
# description: Written for speed, because every call pays for it. `wrong` says the same field by field.
complete if {
	# All facts are proven below, so one more could only be one that nobody knows.
	count(input) == count(_facts)
	input.version == "1"
	floor(input.now) == input.now
	floor(input.body_bytes) == input.body_bytes
	input.body_bytes >= -1
	is_object(input.params)

	# concat is undefined unless all it is given is text, so one call proves a whole list of facts.
	is_string(concat("", input.scope))
	is_string(concat("", input.scan))
	is_string(concat("", [text | some text in input.params]))
	is_string(concat("", [
		input.workflow, input.role, input.service, input.route, input.action, input.data,
		input.method, input.path, input.query, input.content_type, input.call_sha256, input.performed_by,
		input.started_by, input.body_sha256, input.validation.type, input.validation.schema, input.validation.jury,
	]))
	is_string(concat("", input.validation.problems))
	floor(input.tokens_spent.workflow) == input.tokens_spent.workflow
	floor(input.tokens_spent.role_today) == input.tokens_spent.role_today
	_history
	_approval
}

# METADATA
# title: The names of the facts that are missing or ill-typed
# scope: document
# description: Each proof is a rule of its own, because `not` over a call is undefined where an argument is.
wrong contains name if {
	some name in {
		"workflow", "role", "service", "route", "action", "data",
		"method", "path", "query", "content_type", "call_sha256", "performed_by", "started_by",
		"body_sha256",
	}
	not _text[name]
}

wrong contains name if {
	some name, _ in input
	not _facts[name]
}

wrong contains "version" if not _version

wrong contains "now" if not _now

wrong contains "body_bytes" if not _body_bytes

wrong contains "scope" if not _scope

wrong contains "scan" if not _scan

wrong contains "params" if not _params

wrong contains "approval" if not _approval

wrong contains "validation" if not _validation

wrong contains "tokens_spent" if not _tokens_spent

wrong contains "history" if not _history

# A fact that policy does not know was meant to matter to somebody: it is refused, not passed over.
_facts := {
	"version", "now", "workflow", "role", "scope", "service", "route", "action", "data",
	"method", "path", "params", "query", "body_bytes", "content_type", "scan",
	"call_sha256", "approval", "performed_by", "started_by", "body_sha256", "validation", "tokens_spent",
	"history",
}

_text[name] if {
	some name, value in input
	is_string(value)
}

_version if input.version == "1"

_now if _whole(input.now)

_body_bytes if {
	_whole(input.body_bytes)
	input.body_bytes >= -1
}

_scope if is_string(concat("", input.scope))

_scan if is_string(concat("", input.scan))

_params if {
	is_object(input.params)
	is_string(concat("", [text | some text in input.params]))
}

_approval if is_null(input.approval)

# What is in it is proven where it counts (lib/approval): an approval that lacks something approves nothing.
_approval if is_object(input.approval)

_tokens_spent if {
	_whole(input.tokens_spent.workflow)
	_whole(input.tokens_spent.role_today)
}

# What is in it is proven by the rules that rest on it: a history that lacks something is nobody's good one.
_history if {
	is_object(input.history)
	count(input.history) == 9
}

_validation if {
	is_string(concat("", [input.validation.type, input.validation.schema, input.validation.jury]))
	is_string(concat("", input.validation.problems))
}

# floor is undefined for anything but a number.
_whole(number) if floor(number) == number

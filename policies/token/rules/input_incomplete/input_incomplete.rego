package token.rules.input_incomplete

import data.lib.result

# METADATA
# title: The question lacks a fact, or holds one of the wrong type or one too many
# custom:
#   code: token.input_incomplete
#   message: "The workflow was not described completely; wrong or missing: {fields}."
#   remedy: >-
#     Nothing the asker can change. Ask the operator to run `doorless doctor`; the program that asked and the
#     policies do not fit.
deny contains result.reason(rego.metadata.chain(), {"{fields}": concat(", ", wrong)}) if count(wrong) > 0

# METADATA
# title: The names of the facts that are missing or ill-typed
# scope: document
wrong contains name if {
	some name in {"workflow", "role"}
	not _text[name]
}

wrong contains name if {
	some name, _ in input
	not _facts[name]
}

wrong contains "version" if not _version

wrong contains "now" if not _now

wrong contains "ttl_s" if not _ttl_s

wrong contains "only" if not _only

wrong contains "renewal" if not _renewal

# A fact that policy does not know was meant to matter to somebody: it is refused, not passed over.
_facts := {"version", "now", "workflow", "role", "only", "ttl_s", "renewal"}

_text[name] if {
	some name, value in input
	is_string(value)
}

_version if input.version == "1"

_now if _whole(input.now)

_ttl_s if _whole(input.ttl_s)

# concat is undefined for anything but text.
_only if is_string(concat("", input.only))

_renewal if is_boolean(input.renewal)

# floor is undefined for anything but a number.
_whole(number) if floor(number) == number

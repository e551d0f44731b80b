package change.rules.input_incomplete

import data.lib.facts
import data.lib.result

# METADATA
# title: The question lacks a fact, or holds one of the wrong type or one too many
# custom:
#   code: change.input_incomplete
#   message: "The change was not described completely; wrong or missing: {fields}."
#   remedy: >-
#     Nothing the asker can change. Ask the operator to run `doorless doctor`; the program that asked and the
#     policies do not fit.
deny contains result.reason(rego.metadata.chain(), {"{fields}": concat(", ", wrong)}) if count(wrong) > 0

# METADATA
# title: The names of the facts that are missing, ill-typed or unknown
# scope: document
wrong contains name if {
	some name in _facts
	not _proven[name]
}

# A fact that policy does not know was meant to matter to somebody: it is refused, not passed over.
wrong contains result.shown(name) if {
	some name, _ in input
	not _known[name]
}

wrong contains result.shown(full) if {
	some name, _ in input.facts
	full := concat(".", ["facts", name])
	not _facts[full]
}

_facts := {
	"version", "now", "workflow", "role", "scope", "service", "repository", "action", "data", "via", "identity",
	"namespace", "findings", "evidence", "require", "protected_change", "call_sha256", "approval", "performed_by",
	"started_by", "facts.refs", "facts.base", "facts.head", "facts.merge_base", "facts.files", "facts.touched",
	"facts.commits", "facts.secrets", "facts.irregular", "facts.totals",
}

_known := {"facts"} | {name | some name in _facts; not startswith(name, "facts.")}

_proven contains name if {
	some name in {
		"workflow", "role", "service", "repository", "data", "namespace",
		"call_sha256", "performed_by", "started_by",
	}
	is_string(input[name])
}

_proven contains "approval" if is_null(input.approval)

# What is in it is proven where it counts (lib/approval): an approval that lacks something approves nothing.
_proven contains "approval" if is_object(input.approval)

_proven contains "version" if input.version == "1"

_proven contains "now" if facts.is_whole(input.now)

# concat is undefined unless all it is given is text.
_proven contains "scope" if is_string(concat("", input.scope))

_proven contains "require" if is_string(concat("", input.require))

_proven contains "action" if input.action in {"create-branch", "check", "create-pr", "merge"}

_proven contains "via" if input.via in {"push", "check", "api"}

_proven contains "identity" if facts.is_person(input.identity)

_proven contains "findings" if {
	is_array(input.findings)
	every finding in input.findings {
		count(finding) == 5
		is_string(concat("", [finding.rule, finding.path, finding.severity, finding.message]))
		facts.is_whole(finding.line)
	}
}

_proven contains "evidence" if {
	is_object(input.evidence)
	every state in input.evidence {
		state in {"passed", "failed", "absent", "could_not_run", "not_configured", "no_verdict"}
	}
}

_proven contains "protected_change" if {
	count(input.protected_change) == 2
	is_boolean(input.protected_change.grants_subset)
	is_boolean(input.protected_change.new_deny_rule)
}

_proven contains name if some name in facts.proven

package change.rules.ref_outside_namespace

import data.lib.change
import data.lib.result

# METADATA
# title: A ref that is not in the namespace of the workflow
# description: >-
#   Tags, notes, replace refs and every other workflow's branches are outside of it too.
# custom:
#   code: change.ref_outside_namespace
#   message: "{ref} may not be changed: this workflow has {own} only."
#   remedy: >-
#     Push to a branch below {own}, like git push origin HEAD:{own}fix. Tags, notes and other refs cannot be
#     pushed.
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": "", "line": 0, "values": {"{ref}": name, "{own}": input.namespace}} if {
	not change.checking
	some ref in input.facts.refs
	name := ref.name
	not _own[name]
}

_own contains ref.name if {
	some ref in input.facts.refs
	startswith(ref.name, _namespace)
	count(ref.name) > count(_namespace)
}

# What was described must be what policy knows: the workflow's own, and a workflow there must be.
_namespace := input.namespace if {
	count(input.workflow) > 0
	input.namespace == concat("", ["refs/heads/agent/", input.workflow, "/"])
}

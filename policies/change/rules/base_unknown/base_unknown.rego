package change.rules.base_unknown

import data.lib.result

# METADATA
# title: A proposal that aims at a branch which the catalogue does not know
# description: >-
#   Otherwise a branch of somebody else's could be proposed to, where nobody looks.
# custom:
#   code: change.base_unknown
#   message: "A change of {service} may be proposed to {known} only, not to {base}."
#   remedy: "Propose it to one of these; the operator can add a branch to git.staging of the service in services.yaml."
deny contains result.reason(rego.metadata.chain(), {
	"{base}": result.shown(_base),
	"{known}": concat(", ", sort(_known)),
}) if {
	input.action in {"create-pr", "merge"}
	not _aimed
}

_aimed if input.facts.base.ref in _known

default _base := "unknown"

_base := input.facts.base.ref

default _known := set()

_known := {data.compiled.git[input.service].base} | {branch | some branch in data.compiled.git[input.service].staging}

package change.rules.staging_only

import data.lib.change
import data.lib.result

# METADATA
# title: The meta-workflow aims at staging alone
# custom:
#   code: change.staging_only
#   message: "{base} is no staging branch of {service}, and the role {role} may aim at no other."
#   remedy: "Measure and propose the change against a branch that services.yaml lists under staging."
deny contains result.reason(rego.metadata.chain(), {"{base}": result.shown(_base)}) if {
	input.role == change.meta_role
	not _staging
}

_staging if input.facts.base.ref in data.compiled.git[input.service].staging

default _base := "unknown"

_base := input.facts.base.ref

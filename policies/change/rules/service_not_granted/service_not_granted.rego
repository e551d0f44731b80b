package change.rules.service_not_granted

import data.lib.change
import data.lib.result

# METADATA
# title: The role does not have the service
# custom:
#   code: change.service_not_granted
#   message: "The role {role} does not have the service {service}."
#   remedy: "Add {service} to the services of the role {role} in roles.yaml if it should have it."
#   audience: operator
lacks contains result.reason(rego.metadata.chain(), {}) if {
	change.role_known
	not change.checking
	not change.service_granted
}

package request.rules.data_not_granted

import data.lib.call
import data.lib.result

# METADATA
# title: The role has the action, not on this data
# custom:
#   code: request.data_not_granted
#   message: The role {role} may {action} on {service}, but not the data class {data}.
#   remedy: >-
#     GET /.doorless/self lists what this workflow may do. The operator can add the data class {data} to the
#     role in roles.yaml.
lacks contains result.reason(rego.metadata.chain(), {}) if {
	call.service_granted
	call.action_covered
	call.route
	not call.covered
}

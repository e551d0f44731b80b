package request.rules.action_not_granted

import data.lib.call
import data.lib.result

# METADATA
# title: The role has the service, not the action
# custom:
#   code: request.action_not_granted
#   message: The role {role} may not {action} on {service}.
#   remedy: >-
#     GET /.doorless/self lists what this workflow may do. The operator can add the action {action} to the role
#     in roles.yaml.
lacks contains result.reason(rego.metadata.chain(), {}) if {
	call.service_granted
	call.route
	not call.action_covered
}

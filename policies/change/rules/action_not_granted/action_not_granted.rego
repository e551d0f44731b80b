package change.rules.action_not_granted

import data.lib.change
import data.lib.result

# METADATA
# title: The role may not do this with the repository
# custom:
#   code: change.action_not_granted
#   message: "The role {role} may not {action} on {service} in this way."
#   remedy: >-
#     Use a role that may: roles.yaml lists the actions of each, services.yaml says which action a push is. The
#     operator can add it there.
lacks contains result.reason(rego.metadata.chain(), {}) if {
	change.role_known
	_within_reach
	not change.covered
}

_within_reach if change.checking

_within_reach if change.service_granted

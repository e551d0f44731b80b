package token.rules.nothing_granted

import data.lib.asked
import data.lib.result

# METADATA
# title: The role has nothing to give
# custom:
#   code: token.nothing_granted
#   message: The role {role} has no action on any route of its services, so there is no token to issue.
#   remedy: Give the role actions and data that routes of its services in services.yaml name.
lacks contains result.reason(rego.metadata.chain(), {}) if {
	asked.role_known
	count(asked.beyond) == 0
	count(asked.narrowed) == 0
}

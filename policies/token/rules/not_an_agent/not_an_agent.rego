package token.rules.not_an_agent

import data.lib.asked
import data.lib.result

# METADATA
# title: The role is no agent's
# custom:
#   code: token.not_an_agent
#   message: The role {role} is for people's own changes; no workflow can have it.
#   remedy: Start the workflow with a role that is an agent's.
deny contains result.reason(rego.metadata.chain(), {}) if {
	asked.role_known
	not _agent
}

_agent if data.compiled.roles[input.role].agent

package token.rules.scope_wider

import data.lib.asked
import data.lib.result

# METADATA
# title: More was asked for than the role has
# custom:
#   code: token.scope_wider
#   message: The role {role} does not have {words}.
#   remedy: Ask for less (--only), or add it to the role in roles.yaml.
lacks contains result.reason(rego.metadata.chain(), {"{words}": concat(", ", asked.beyond)}) if {
	asked.role_known
	count(asked.beyond) > 0
}

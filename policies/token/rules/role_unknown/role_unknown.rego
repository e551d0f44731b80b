package token.rules.role_unknown

import data.lib.asked
import data.lib.result

# METADATA
# title: No such role
# custom:
#   code: token.role_unknown
#   message: There is no role {role}.
#   remedy: Start the workflow with a role of roles.yaml, or add the role there.
lacks contains result.reason(rego.metadata.chain(), {}) if not asked.role_known

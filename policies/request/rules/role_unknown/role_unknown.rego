package request.rules.role_unknown

import data.lib.call
import data.lib.result

# METADATA
# title: No such role
# custom:
#   code: request.role_unknown
#   message: The role {role} does not exist in the policy that is current now.
#   remedy: End this workflow and start one with a role of roles.yaml; the operator can add the role there.
lacks contains result.reason(rego.metadata.chain(), {}) if not call.role_known

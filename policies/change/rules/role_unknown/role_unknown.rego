package change.rules.role_unknown

import data.lib.change
import data.lib.result

# METADATA
# title: No such role
# custom:
#   code: change.role_unknown
#   message: "The role {role} does not exist in the policy that is current now."
#   remedy: "Ask as a role of roles.yaml; the operator can add the role there."
lacks contains result.reason(rego.metadata.chain(), {}) if not change.role_known

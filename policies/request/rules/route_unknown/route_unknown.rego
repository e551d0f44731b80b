package request.rules.route_unknown

import data.lib.call
import data.lib.result

# METADATA
# title: The route is not in this revision
# custom:
#   code: request.route_unknown
#   message: The service {service} has no route {route} in the policy that is current now.
#   remedy: Declare the route {route} of {service} in services.yaml if agents should have it.
#   audience: operator
lacks contains result.reason(rego.metadata.chain(), {}) if {
	call.service_granted
	not call.route_known
}

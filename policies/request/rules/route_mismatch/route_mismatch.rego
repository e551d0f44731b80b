package request.rules.route_mismatch

import data.lib.call
import data.lib.result

# METADATA
# title: The route is described otherwise than the catalogue declares it
# custom:
#   code: request.route_mismatch
#   message: The call describes the route {route} of {service} otherwise than services.yaml declares it.
#   remedy: Run `doorless policy check` and reload the policies; the gateway and OPA hold different revisions.
#   audience: operator
#   retry: retry
lacks contains result.reason(rego.metadata.chain(), {}) if {
	call.service_granted
	call.route_known
	not call.route
}

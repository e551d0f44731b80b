# METADATA
# title: The call in the words of roles
# description: What the request rules say about a call in common. Undefined wherever it cannot be proven.
# schemas:
#   - input: schema["input.request"]
#   - data.compiled: schema.compiled
package lib.call

# METADATA
# title: Whether there is such a role
role_known if data.compiled.roles[input.role]

# METADATA
# title: Whether the role has the service
service_granted if data.compiled.grants[input.role][input.service]

# METADATA
# title: Whether the service has such a route
route_known if data.compiled.routes[input.service][input.route]

# METADATA
# title: The route of the call, if the call describes it as the catalogue declares it
route := declared if {
	declared := data.compiled.routes[input.service][input.route]
	declared.action == input.action
	declared.data == input.data
	declared.method == input.method
}

# METADATA
# title: Whether the role grants the scope word of the call
covered if data.compiled.grants[input.role][input.service][route.word]

# METADATA
# title: Whether the role has the action of the call, on whichever service and data
action_covered if data.compiled.roles[input.role].actions[input.action]

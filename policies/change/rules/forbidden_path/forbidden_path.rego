package change.rules.forbidden_path

import data.lib.change
import data.lib.result

# METADATA
# title: A path that the role may not change
# custom:
#   code: change.forbidden_path
#   message: "{path} is forbidden to the role {role} by {pattern}."
#   remedy: "Leave this path as it is on the base, in every commit. The pattern stands in roles.yaml."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": path, "line": 0, "values": {"{path}": path, "{pattern}": pattern}} if {
	some pattern, of in data.compiled.roles[input.role].forbidden
	some path in change.matching(of)
}

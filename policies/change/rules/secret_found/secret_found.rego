package change.rules.secret_found

import data.lib.result

# METADATA
# title: Something that looks like a secret
# description: >-
#   In any commit of the change: what was removed again is in it still.
# custom:
#   code: change.secret_found
#   message: "{path}:{line} in commit {commit} looks like a secret ({rule})."
#   remedy: "Remove it from every commit, not only from the last; if it was real, let its owner replace it."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": secret.path, "line": secret.line, "values": values} if {
	some secret in input.facts.secrets
	values := {
		"{path}": secret.path,
		"{line}": format_int(secret.line, 10),
		"{rule}": secret.rule,
		"{commit}": substring(secret.commit, 0, 12),
	}
}
